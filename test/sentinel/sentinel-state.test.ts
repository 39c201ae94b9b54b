/** What a sentinel process keeps of its votes and records: where it may, what it starts with, and what it does when it can't. */
import { once } from "node:events";
import fs from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MemoryStateCell, openStateCell } from "../../sentinel/state-cell.ts";
import type { Epoch, GroupId, MemberId, SentinelId, StartId } from "../../src/base/ids.ts";
import { DurableCell } from "../../src/io/storage/durable-cell.ts";
import { nodeFileCalls } from "../../src/io/storage/file-calls.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import { startEmptyNode } from "./empty-node.ts";
import { group, processFixture } from "./process-fixture.ts";

const { start, directory, logger, lines } = processFixture();

describe("its state", () => {
  it("can't be shared by two processes, and is free again after a stop or a failed start", async () => {
    const first = await start({ dataDir: directory() });
    await expect(start({ dataDir: directory() })).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
    const taken = first.address.port;
    await first.stop();
    const second = await start({ port: taken });
    await expect(start({ port: taken, dataDir: directory() })).rejects.toMatchObject({ code: "PORT_IN_USE" });
    await second.stop();
    await start({ dataDir: directory() });
  });

  it("can't be kept where a file stands, or in a file that is none", async () => {
    const file = path.join(directory(), "file");
    await writeFile(file, "");
    await expect(start({ dataDir: file })).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining(`Cannot use the data directory ${file}: `),
    });
    await mkdir(path.join(directory(), "votes.cell"));
    await expect(start({ dataDir: directory() })).rejects.toMatchObject({ code: "BAD_DATA_DIR" });
  });

  it("of another sentinel is refused", async () => {
    const cell = await openStateCell(directory(), { groups: 1, logger: logger() });
    cell.load();
    await cell.save(Buffer.from(JSON.stringify({ format: 1, id: "s2", groups: {} })));
    await cell.close();
    await expect(start({ dataDir: directory() })).rejects.toMatchObject({ code: "BAD_SENTINEL_STATE" });
  });

  it("is not kept in a node's directory, where nothing is made", async () => {
    await writeFile(path.join(directory(), "identity"), "");
    await expect(start({ dataDir: directory() })).rejects.toMatchObject({
      code: "BAD_DATA_DIR",
      message: expect.stringContaining("it holds a node's files (identity)"),
    });
    expect(fs.readdirSync(directory())).toEqual(["identity"]);
  });

  it("of smaller slots gets room for a state that a failover may need, or the log says that there is none", async () => {
    const file = path.join(directory(), "votes.cell");
    const before = new DurableCell(file);
    before.load();
    before.saveSync(Buffer.from(JSON.stringify({ format: 1, id: "s1", groups: {} })));
    await before.close();
    const { size } = fs.statSync(file);
    const full = vi.spyOn(nodeFileCalls, "writeSync").mockImplementation((fd, bytes, ...where) => {
      if (bytes.length > size) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      return fs.writeSync(fd, bytes, ...where);
    });
    onTestFinished(() => full.mockRestore());
    await (await start({ dataDir: directory() })).stop();
    expect(lines.find(({ event }) => event === "state-room-short")).toMatchObject({ file, bytes: size / 2 });
    expect(fs.statSync(file).size).toBe(size);

    full.mockRestore();
    lines.length = 0;
    await (await start({ dataDir: directory() })).stop();
    expect(lines.filter(({ event }) => event === "state-room-short")).toEqual([]);
    expect(fs.statSync(file).size).toBeGreaterThanOrEqual(2 * 64 * 1024);
  });

  it("with a record of the group: says what that survives, where the configuration says otherwise", async () => {
    const member = { client: { host: "127.0.0.1", port: 6379 }, incarnation: null, admitted: false };
    const record: GroupRecord = {
      name: "mymaster",
      groupId: "group" as GroupId,
      number: { epoch: 1 as Epoch, seq: 0 },
      steward: { id: "s1" as SentinelId, startId: "earlier" as StartId },
      master: "n1" as MemberId,
      members: group.nodes.map(({ id, url }) => ({
        ...{ ...member, id, url, priority: 100, zone: "", voting: id !== "n2" },
      })),
      ...{ mode: "semi-sync", copies: 2, paused: false },
    };
    const votes = { votedEpoch: 1, votedFor: null, record, onlyLearnt: false, leaseMs: 1000 };
    const stateCell = new MemoryStateCell();
    await stateCell.save(Buffer.from(JSON.stringify({ format: 1, id: "s1", groups: { mymaster: votes } })));
    await start({}, { stateCell });
    expect(lines.filter((line) => line.event === "survives").map((line) => line.survives)).toEqual([
      "3 nodes, W 2: any 1 node; 1 sentinel: no sentinel",
      "2 nodes and 1 observer, W 2: no node; 1 sentinel: no sentinel",
    ]);
  });

  it("that is no JSON is refused", async () => {
    const cell = new MemoryStateCell();
    await cell.save(Buffer.from("{"));
    await expect(start({}, { stateCell: cell })).rejects.toMatchObject({ code: "BAD_SENTINEL_STATE" });
  });
});

describe("votes that can't be saved", () => {
  it("end the process before anybody hears of them", async () => {
    const { network, url } = await startEmptyNode("n1");
    const cause = new Error("EIO");
    const stateCell = new MemoryStateCell();
    vi.spyOn(stateCell, "save").mockRejectedValue(cause);
    const nodes = [{ id: "n1" as MemberId, url, priority: 100, zone: "", voting: true }];
    const replication = { mode: "semi-sync" as const, copies: 1 };
    try {
      let fail: (error: Error) => void = () => {};
      const failed = new Promise<Error>((resolve) => {
        fail = resolve;
      });
      const sentinel = await start(
        { groups: [{ ...group, nodes, replication }] },
        { stateCell, onFailed: (error) => fail(error) },
      );
      expect(await failed).toMatchObject({ code: "STATE_NOT_SAVED", cause });
      const [error] = await once(net.connect(sentinel.address.port, "127.0.0.1"), "error");
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
    } finally {
      network.kill();
    }
  });

  it("are told of as such on a disk that has become read-only", async () => {
    const { network, url } = await startEmptyNode("n1");
    const nodes = [{ id: "n1" as MemberId, url, priority: 100, zone: "", voting: true }];
    const replication = { mode: "semi-sync" as const, copies: 1 };
    const readOnly = (): never => {
      throw Object.assign(new Error("EROFS"), { code: "EROFS" });
    };
    const stateCell = await openStateCell(directory(), { groups: 1, logger: logger() });
    vi.spyOn(stateCell, "save").mockImplementation(async () => readOnly());
    const unlink = vi.spyOn(fs, "unlinkSync").mockImplementation(readOnly);
    try {
      const failed = new Promise<Error>((resolve) => {
        start({ groups: [{ ...group, nodes, replication }] }, { stateCell, onFailed: resolve }).catch(
          resolve,
        );
      });
      expect(await failed).toMatchObject({ code: "STATE_NOT_SAVED", cause: { code: "EROFS" } });
    } finally {
      unlink.mockRestore();
      network.kill();
    }
  });
});
