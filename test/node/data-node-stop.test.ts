/** A node's clean stop when something fails in the midst of it. */
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { createLogger } from "../../src/io/logger.ts";
import type { MemberStorage, SnapshotWriter } from "../../src/io/storage/member-storage.ts";
import { MemoryDisk, MemoryStorage } from "../../src/io/storage/memory-storage.ts";
import { DataNode } from "../../src/node/data-node.ts";
import { BreakableCalls, deferred, errno, newDisk, temporaryDirectory } from "../io/storage/storage-kit.ts";

/** A disk that can be made to fail. */
class FailingStorage extends MemoryStorage {
  closeError: Error | null = null;

  constructor() {
    super(new MemoryDisk("n1"));
  }

  override async close(): Promise<void> {
    await super.close();
    if (this.closeError !== null) throw this.closeError;
  }
}

/** A disk that takes a snapshot's bytes no faster than it is closed, and then lets go of them with an error. */
class SlowStorage extends FailingStorage {
  readonly writing: Promise<void>;
  #tellWriting: () => void = () => {};
  #letGo: (error: Error) => void = () => {};

  constructor() {
    super();
    this.writing = new Promise((resolve) => {
      this.#tellWriting = resolve;
    });
  }

  override async writeSnapshot(...at: Parameters<MemoryStorage["writeSnapshot"]>): Promise<SnapshotWriter> {
    const writer = await super.writeSnapshot(...at);
    writer.write = () =>
      new Promise((_, reject) => {
        this.#letGo = reject;
        this.#tellWriting();
      });
    return writer;
  }

  override async close(): Promise<void> {
    this.#letGo(new Error("the file has been closed"));
    await super.close();
  }
}

interface Scene<Storage extends MemberStorage> {
  readonly node: DataNode;
  readonly storage: Storage;
  readonly failures: unknown[];
  readonly failed: Promise<void>;
  /** Events of what it has logged. */
  readonly logged: string[];
}

async function start(): Promise<Scene<FailingStorage>> {
  return startOn(new FailingStorage());
}

async function startOn<Storage extends MemberStorage>(storage: Storage): Promise<Scene<Storage>> {
  const failures: unknown[] = [];
  const failed = deferred();
  const logged: string[] = [];
  const write = (line: string): void => void logged.push(JSON.parse(line).event);
  const flags = { id: "n1", port: 1, peerPort: 2, dataDir: null, static: { role: "master" } };
  const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
  const node = await DataNode.start({
    // Free ones, which no configuration file may ask for.
    config: { ...config, port: 0, peerPort: 0 },
    logger: createLogger({ level: "info", id: "n1", destination: { write } }),
    storage,
    onFailed: (error) => {
      failures.push(error);
      failed.resolve();
    },
  });
  onTestFinished(() => node.kill());
  return { node, storage, failures, failed: failed.promise, logged };
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

it("a stop closes the links at once, however long a client takes to close its side", async () => {
  const { node } = await start();
  const client = net.connect({ ...node.address, allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  client.write("PING\r\n");
  await once(client, "data");
  const peer = net.connect(node.peerAddress);
  await once(peer, "connect");
  for (const socket of [client, peer]) socket.resume();
  const order: string[] = [];
  const stopped = node.stop().then(() => order.push("stopped"));
  await once(peer, "close");
  order.push("links closed");
  await stopped;
  expect(order).toEqual(["links closed", "stopped"]);
});

it("a node whose disk becomes read-only says that it has failed, and why", async () => {
  const calls = new BreakableCalls();
  const directory = temporaryDirectory();
  const { node, failures, failed } = await startOn(newDisk(directory, { calls }));
  const { unlinkSync } = fs;
  const unlink = vi.spyOn(fs, "unlinkSync").mockImplementation((file) => {
    if (file === path.join(directory, "lock")) throw errno("EROFS");
    unlinkSync(file);
  });
  onTestFinished(() => unlink.mockRestore());
  calls.writeSync = () => {
    throw errno("EROFS");
  };
  const client = net.connect(node.address.port, node.address.host);
  client.on("error", () => {});
  client.write("SET a 1\r\n");
  await failed;
  expect(failures).toEqual([expect.objectContaining({ code: "STORAGE_FAILED" })]);
});

it("a snapshot that a stop cuts short is no failure, and none is told", async () => {
  const { node, storage, failures, logged } = await startOn(new SlowStorage());
  const client = net.connect(node.address.port, node.address.host);
  client.write("SET a 1\r\nBGSAVE\r\n");
  const closed = once(client, "close");
  client.resume();
  await storage.writing;
  await node.stop();
  await closed;
  // What the writer's failure set going has come to its end.
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toEqual([]);
  expect(logged).toContain("reign");
  expect(logged).not.toContain("snapshot-failed");
});
