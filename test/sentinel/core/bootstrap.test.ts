import { describe, expect, it } from "vitest";
import type { GroupNode } from "../../../sentinel/core/core-config.ts";
import type { Epoch, GroupId, MemberId, Offset } from "../../../src/base/ids.ts";
import { settledWorld, World } from "./world.ts";

const position = { epoch: 1 as Epoch, offset: 7 as Offset };

describe("bootstrap", () => {
  it("mints one group and makes one master within a few round trips", () => {
    const world = new World();
    const tookMs = world.until("a master everywhere", () => world.settled(), 2000);
    expect(tookMs).toBeLessThan(50);
    expect(new Set([...world.nodes.values()].map((node) => node.groupId)).size).toBe(1);
    expect(world.promotions).toHaveLength(1);
    expect(world.view("s1").standing?.members.every((member) => member.admitted)).toBe(true);
  });

  it("stores the first record at a majority before any member keeps the group's id", () => {
    const world = new World();
    world.until(
      "a member is asked to seal",
      () => world.sent.some(({ message }) => message.type === "seal"),
      2000,
    );
    const holders = world.sentinelIds().filter((id) => world.disk(id)?.groups.mymaster?.record != null);
    expect(holders.length).toBeGreaterThanOrEqual(2);
  });

  it("waits for every sentinel", () => {
    const world = new World();
    world.kill("s3");
    world.run(5000);
    expect(world.promotions).toHaveLength(0);
    expect(world.view("s1").obstacles.join("\n")).toContain("does not hear sentinel s3");
    world.startSentinel("s3");
    world.until("a master", () => world.settled(), 2000);
  });

  it("waits for every node", () => {
    const world = new World();
    world.kill("n2");
    world.run(5000);
    expect(world.promotions).toHaveLength(0);
    expect(world.view("s1").obstacles).toEqual([
      "n2 has not answered yet: all nodes must, before the first record",
    ]);
    world.restartNode("n2");
    world.until("a master", () => world.settled(), 2000);
  });

  it("refuses data without records, and says what to do", () => {
    const world = new World();
    world.node("n2").position = position;
    world.run(5000);
    expect(world.promotions).toHaveLength(0);
    expect(world.view("s1").obstacles.join()).toContain("interrex adopt n2");
  });

  it("refuses nodes of another group", () => {
    const world = new World();
    world.node("n2").groupId = "foreign" as GroupId;
    world.run(5000);
    expect(world.promotions).toHaveLength(0);
    expect(world.view("s1").obstacles.join()).toContain("belongs to group foreign");
  });

  it("says what sentinel.yaml wants otherwise after the first record: an observer that is none, say", () => {
    const world = new World();
    world.until("a master", () => world.settled(), 2000);
    const nodes = ["n1", "n2", "n3"].map((id) => ({
      id: id as MemberId,
      url: `ws://127.0.0.1:${id.slice(1)}`,
    }));
    const traits = { priority: 100, zone: "b", voting: false };
    world.reconfigure({ nodes: nodes.map((node) => (node.id === "n3" ? { ...node, ...traits } : node)) });
    world.kill("s1");
    world.startSentinel("s1");
    const differences = world.logs.flatMap((log) =>
      log.event === "config.differs" ? [log.fields.differences] : [],
    );
    expect(differences).toEqual([
      [`zone of n3 is "", configured "b"`, "voting of n3 is true, configured false"],
    ]);
  });

  it("does not adopt an empty member while another one holds data", () => {
    const world = new World();
    world.node("n2").position = position;
    world.run(500);
    const id = world.operator("s2", { type: "adopt", group: "mymaster", memberId: "n1" as MemberId });
    const where = `${position.epoch}:${position.offset}`;
    expect(world.replies.get(id)).toMatchObject({
      ok: false,
      text: `n1 holds nothing, and n2 holds data (log position ${where}): name n2, or stop it if its data does not count`,
    });
  });

  it("adopts the member that an operator names, and admits it alone", () => {
    const world = new World();
    world.node("n2").position = position;
    world.node("n2").groupId = "kept" as GroupId;
    world.run(500);
    const id = world.operator("s2", { type: "adopt", group: "mymaster", memberId: "n2" as MemberId });
    world.until("an answer", () => world.replies.has(id), 5000);
    expect(world.replies.get(id)?.ok).toBe(true);
    world.until("it is named everywhere", () => world.settled(), 500);
    expect(world.masterId()).toBe("n2");
    const record = world.view("s1").standing;
    expect(record?.groupId).toBe("kept");
    expect(record?.members.filter((member) => member.admitted).map((member) => member.id)).toEqual(["n2"]);
  });

  it("a bootstrap whose leader dies midway is completed, in the same group", () => {
    const world = new World();
    world.until("the leader seals", () => world.view("s1").failover?.step === "seal", 2000);
    world.kill("s1");
    world.until("a master on the others", () => world.settled(), 3000);
    expect(new Set([...world.nodes.values()].map((node) => node.groupId)).size).toBe(1);
  });
});

describe("voting in the first record", () => {
  it("is what each node says of itself, and the copies are a majority of those", () => {
    const world = new World({ nodes: 5 });
    for (const id of ["n1", "n4"]) world.node(id).voting = false;
    world.until("a master everywhere", () => world.settled(), 2000);
    const record = world.view("s1").standing;
    expect(record?.members.filter(({ voting }) => !voting).map(({ id }) => id)).toEqual(["n1", "n4"]);
    expect(record?.copies).toBe(2);
    expect(world.masterId()).not.toBe("n1");
  });

  it("is what the configuration says where it says something", () => {
    const nodes = ["n1", "n2", "n3"].map((id) => ({ id: id as MemberId, url: `ws://${id}` }));
    const [n1, n2, n3] = nodes as [GroupNode, GroupNode, GroupNode];
    const world = new World({ group: { nodes: [{ ...n1, voting: true }, { ...n2, voting: false }, n3] } });
    world.node("n1").voting = false;
    world.until("a master everywhere", () => world.settled(), 2000);
    expect(world.view("s1").standing?.members.map(({ voting }) => voting)).toEqual([true, false, true]);
  });

  it("leaves no group without a voter", () => {
    const world = new World();
    for (const node of world.nodes.values()) node.voting = false;
    world.run(5000);
    expect(world.promotions).toHaveLength(0);
    expect(world.view("s1").standing).toBeNull();
    expect(world.view("s1").obstacles).toEqual(["all nodes are observers: at least one must vote"]);
  });

  it("leaves no group that asks for more copies than it has voters", () => {
    const world = new World({ group: { replication: { mode: "semi-sync", copies: 2 } } });
    for (const id of ["n1", "n2"]) world.node(id).voting = false;
    world.run(5000);
    expect(world.view("s1").standing).toBeNull();
    expect(world.view("s1").obstacles).toEqual([
      "copies is 2, but only 1 node votes: no write could ever be acknowledged",
    ]);
  });

  it("no observer's data is adopted: nobody else could become master after that", () => {
    const world = new World();
    world.node("n2").position = position;
    world.node("n2").voting = false;
    world.run(500);
    const id = world.operator("s2", { type: "adopt", group: "mymaster", memberId: "n2" as MemberId });
    world.until("an answer", () => world.replies.has(id), 5000);
    expect(world.replies.get(id)).toMatchObject({
      ok: false,
      text: "n2 is an observer: it is never promoted",
    });
  });
});

describe("a restart of everything", () => {
  it("goes on with the same group after all processes were killed, nothing lost", () => {
    const world = settledWorld();
    const { groupId } = world.node("n1");
    for (const id of [...world.nodes.keys(), ...world.sentinelIds()]) world.kill(id);
    world.run(100);
    for (const id of world.nodes.keys()) world.restartNode(id);
    for (const id of world.sentinelIds()) world.startSentinel(id);
    world.until("a master", () => world.settled(), 3000);
    expect(world.node("n1").groupId).toBe(groupId);
    expect(world.notices.some(({ notice }) => notice.channel === "+recovered-with-possible-loss")).toBe(
      false,
    );
  });

  it("power cut without appendfsync always: all must answer, the best is elected, and the loss is said aloud", () => {
    const world = settledWorld();
    for (const id of [...world.nodes.keys(), ...world.sentinelIds()]) world.kill(id);
    world.node("n3").position = { epoch: 1 as Epoch, offset: 9 as Offset };
    for (const id of world.sentinelIds()) world.startSentinel(id);
    world.restartNode("n1", "unsynced");
    world.restartNode("n2", "unsynced");
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    expect(world.view("s1").obstacles.join("\n")).toContain("n1 has rebooted without appendfsync always");
    world.restartNode("n3", "unsynced");
    world.until("a master", () => world.settled(), 3000);
    expect(world.masterId()).toBe("n3");
    expect(world.view("s1").standing?.members.every((member) => member.admitted)).toBe(true);
    expect(world.notices.some(({ notice }) => notice.channel === "+recovered-with-possible-loss")).toBe(true);
  });

  it("power cut without appendfsync always: who holds less than the chosen one is not counted before it has caught up", () => {
    const world = settledWorld();
    for (const id of [...world.nodes.keys(), ...world.sentinelIds()]) world.kill(id);
    world.node("n2").position = { epoch: 1 as Epoch, offset: 9 as Offset };
    world.node("n3").position = { epoch: 1 as Epoch, offset: 9 as Offset };
    for (const id of world.sentinelIds()) world.startSentinel(id);
    for (const id of world.nodes.keys()) world.restartNode(id, "unsynced");
    world.until("a promotion", () => world.promotions.length === 2, 3000);
    const admitted = ["n1", "n2", "n3"].map((id) => {
      const member = world.view("s1").stored?.members.find((one) => one.id === id);
      return member?.incarnation === world.node(id).incarnation;
    });
    expect(admitted).toEqual([false, true, true]);
  });

  it("power cut without appendfsync always: a leader that dies midway has said before that something may be lost", () => {
    const world = settledWorld();
    for (const id of [...world.nodes.keys(), ...world.sentinelIds()]) world.kill(id);
    for (const id of world.sentinelIds()) world.startSentinel(id);
    for (const id of world.nodes.keys()) world.restartNode(id, "unsynced");
    world.until("a promotion", () => world.promotions.length === 2, 3000);
    expect(world.notices.some(({ notice }) => notice.channel === "+recovered-with-possible-loss")).toBe(true);
  });

  it("a wiped member stops that, until an operator accepts the loss", () => {
    const world = settledWorld();
    for (const id of world.nodes.keys()) world.kill(id);
    world.restartNode("n1", "unsynced");
    world.restartNode("n2", "everything");
    world.restartNode("n3", "unsynced");
    world.run(5000);
    expect(world.promotions).toHaveLength(1);
    const refused = world.operator("s1", { type: "recover", group: "mymaster", acceptLoss: false });
    expect(world.replies.get(refused)?.ok).toBe(false);
    const id = world.operator("s1", {
      type: "recover",
      group: "mymaster",
      acceptLoss: true,
      memberId: "n3" as MemberId,
    });
    world.until("an answer", () => world.replies.has(id), 9000);
    expect(world.replies.get(id)?.ok).toBe(true);
    expect(world.masterId()).toBe("n3");
    const admitted = world.view("s1").standing?.members.filter((member) => member.admitted);
    expect(admitted?.map((member) => member.id)).toEqual(["n3"]);
  });
});
