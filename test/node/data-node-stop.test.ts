/** A node's clean stop when something fails in the midst of it. */
import { once } from "node:events";
import net from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { createLogger } from "../../src/io/logger.ts";
import type { Recovered, StorageEvents } from "../../src/io/storage/member-storage.ts";
import { MemoryDisk, MemoryStorage } from "../../src/io/storage/memory-storage.ts";
import { DataNode } from "../../src/node/data-node.ts";

/** A disk that can be made to fail. */
class FailingStorage extends MemoryStorage {
  closeError: Error | null = null;
  #events: StorageEvents | null = null;

  override open(events: StorageEvents): Promise<Recovered> {
    this.#events = events;
    return super.open(events);
  }

  override async close(): Promise<void> {
    await super.close();
    if (this.closeError !== null) throw this.closeError;
  }

  fail(error: Error): void {
    this.#events?.failed(error);
  }
}

async function start(): Promise<{ node: DataNode; storage: FailingStorage; failures: unknown[] }> {
  const storage = new FailingStorage(new MemoryDisk("n1"));
  const failures: unknown[] = [];
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const node = await DataNode.start({
    // Free ones, which no configuration file may ask for.
    config: { ...config, port: 0, peerPort: 0 },
    logger: createLogger({ level: "silent", id: "n1" }),
    storage,
    onFailed: (error) => failures.push(error),
  });
  onTestFinished(() => node.kill());
  return { node, storage, failures };
}

async function expectFree({ host, port }: DataNode["address"]): Promise<void> {
  const [error] = await once(net.connect(port, host), "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
}

it("a stop whose last sync fails says so, and still closes both ports", async () => {
  const { node, storage } = await start();
  storage.closeError = new Error("EIO: the last sync");
  await expect(node.stop()).rejects.toThrow("the last sync");
  await expectFree(node.address);
  await expectFree(node.peerAddress);
});

it("a node that fails while it waits for its clients to go is stopped by that", async () => {
  const { node, storage, failures } = await start();
  const stopped = node.stop();
  const broken = new Error("EIO: an append");
  storage.fail(broken);
  await stopped;
  expect(failures).toEqual([broken]);
  await expectFree(node.address);
  await expectFree(node.peerAddress);
});
