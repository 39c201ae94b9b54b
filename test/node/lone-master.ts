/** A data node without sentinels, in this process: master from its start, its data in memory. */
import { onTestFinished } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { createLogger } from "../../src/io/logger.ts";
import { DataNode } from "../../src/node/data-node.ts";
import { RawClient } from "../io/redis/redis-harness.ts";

export async function startLoneMaster(): Promise<DataNode> {
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null, static: { role: "master" } };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const node = await DataNode.start({
    // Free ones, which no configuration file may ask for.
    config: { ...config, port: 0, peerPort: 0 },
    logger: createLogger({ level: "silent", id: "n1" }),
    onFailed: (error) => {
      throw error;
    },
  });
  onTestFinished(() => node.kill());
  return node;
}

/** A client that asks one thing at a time. */
export class AskingClient {
  readonly raw: RawClient;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async open(node: DataNode): Promise<AskingClient> {
    return new AskingClient(await RawClient.open(node.address.port));
  }

  /** @returns the reply, whole, as long as it is one line or one bulk string. */
  async ask(command: string): Promise<string> {
    const from = this.raw.received.length;
    this.raw.send(`${command}\r\n`);
    for (;;) {
      const reply = wholeReply(this.raw.received.slice(from));
      if (reply !== undefined) return reply;
      await this.raw.receives(this.raw.received.length + 1);
    }
  }
}

function wholeReply(text: string): string | undefined {
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd < 0) return undefined;
  const line = text.slice(0, lineEnd);
  if (!line.startsWith("$") || line === "$-1") return line;
  const length = Number(line.slice(1));
  const start = lineEnd + 2;
  return text.length < start + length + 2 ? undefined : text.slice(start, start + length);
}
