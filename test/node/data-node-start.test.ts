/** What a start that fails leaves behind. */
import { once } from "node:events";
import net from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { createLogger } from "../../src/io/logger.ts";
import { DataNode } from "../../src/node/data-node.ts";
import { newDisk, openDisk, temporaryDirectory } from "../io/storage/storage-kit.ts";

const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null, static: { role: "master" } };
const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));

async function takenPort(): Promise<number> {
  const server = net.createServer().listen(0, config.host);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

it.each([
  ["port", "PORT_IN_USE"],
  ["peerPort", "PEER_PORT_UNAVAILABLE"],
])("a start that fails for its %s leaves the directory as one that was stopped", async (which, code) => {
  const directory = temporaryDirectory();
  const { storage, recovered } = await openDisk(directory);
  await storage.close();
  const started = DataNode.start({
    config: { ...config, port: 0, peerPort: 0, [which]: await takenPort() },
    logger: createLogger({ level: "silent", id: "n1" }),
    storage: newDisk(directory),
    onFailed: (error) => expect.unreachable(String(error)),
  });
  await expect(started).rejects.toMatchObject({ code });
  const later = await openDisk(directory, { bootId: async () => "boot-2" });
  expect(later.recovered.incarnation).toBe(recovered.incarnation);
});
