/**
 * A group of member cores in one thread: virtual time, links that deliver in order, storage that persists when it is
 * told to. Sentinels are played by the test: it gives orders and reads the answers.
 */
import { InvariantError } from "../../../src/base/errors.ts";
import {
  type Epoch,
  type GroupId,
  type IncarnationId,
  type MemberId,
  OFFSET_ZERO,
  type Offset,
  type SentinelId,
  type StartId,
} from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import { Client } from "../../../src/core/client.ts";
import { Dispatcher } from "../../../src/core/commands/dispatcher.ts";
import type { CommandHost } from "../../../src/core/commands/host.ts";
import { Keyspace } from "../../../src/core/keyspace/keyspace.ts";
import { KeyspaceReplayer } from "../../../src/core/keyspace-replayer.ts";
import { Member } from "../../../src/core/member.ts";
import type { MemberEffect, MemberInput, SnapshotKind } from "../../../src/core/member-io.ts";
import { ClientSession } from "../../../src/core/session.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type {
  NodeMessage,
  NodeToSentinel,
  SentinelToNode,
} from "../../../src/protocol/peer/node-messages.ts";
import { RecordCursor } from "../../../src/protocol/record.ts";
import type { EpochHistory } from "../../../src/rules/epoch-history.ts";
import { cutHistory, extendHistory } from "../../../src/rules/epoch-history.ts";
import type { GroupRecord, Leader, ReplicationMode } from "../../../src/rules/group-record.ts";
import { EMPTY_POSITION, type LogPosition } from "../../../src/rules/log-position.ts";
import type { ReplicationRules } from "../../../src/rules/replication-rules.ts";

export const GROUP_ID = "g-1" as GroupId;
export const LEADER: Leader = { id: "s1" as SentinelId, startId: "s1-start" as StartId };

interface StoredRecord {
  readonly epoch: Epoch;
  readonly bytes: Buffer;
}

/** What outlives a crash of the member. */
class TestDisk {
  readonly records: Map<Offset, StoredRecord> = new Map();
  firstOffset = 1 as Offset;
  last: LogPosition = EMPTY_POSITION;
  history: EpochHistory = [];
  state: Buffer | null = null;
  snapshot: { position: LogPosition; history: EpochHistory; chunks: Buffer[] } | null = null;
  readonly rollbacks: LogPosition[] = [];
  retainedAfter: Offset | null = null;
  incarnation: IncarnationId;
  /** What reboots have made of it. */
  doubts: readonly IncarnationId[] = [];

  constructor(id: string) {
    this.incarnation = `${id}-i1` as IncarnationId;
  }
}

export interface GroupOptions {
  readonly members?: number;
  readonly mode?: ReplicationMode;
  readonly copies?: number;
  readonly rules?: Partial<ReplicationRules>;
}

export class TestMember {
  readonly id: MemberId;
  readonly disk: TestDisk;
  readonly answers: NodeToSentinel[] = [];
  readonly logged: string[] = [];
  readonly logFields: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  /** Hold back what the disk has done until `releaseDisk`. */
  diskIsSlow = false;
  /** How often the log may still be read before what has been read is held back as well. */
  readsLeft: number = Number.POSITIVE_INFINITY;
  member: Member;
  keyspace: Keyspace;
  readonly heldInputs: MemberInput[] = [];
  readonly #group: TestGroup;
  #dispatcher: Dispatcher;
  #writing: { kind: SnapshotKind; position: LogPosition; history: EpochHistory; chunks: Buffer[] } | null =
    null;
  readonly #streams = new Map<LinkId, Buffer[]>();
  readonly #outputs = new Map<Client, string>();
  readonly closedClients: Set<Client> = new Set();
  #clients = 0;
  starts = 0;

  constructor(group: TestGroup, id: string) {
    this.#group = group;
    this.id = id as MemberId;
    this.disk = new TestDisk(id);
    [this.member, this.keyspace, this.#dispatcher] = this.#build();
  }

  /** Snapshots that are being read for replicas. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** A new process on the same disk. */
  restart(): void {
    [this.member, this.keyspace, this.#dispatcher] = this.#build();
    this.heldInputs.length = 0;
    this.#outputs.clear();
    this.step({ type: "start" });
  }

  step(input: MemberInput): void {
    this.member.step(this.#group.now, input);
    this.#carryOut();
  }

  /** Everything that a turn of the event loop does at its end. */
  flush(): void {
    this.step({ type: "flush" });
  }

  releaseDisk(): void {
    this.diskIsSlow = false;
    this.readsLeft = Number.POSITIVE_INFINITY;
    for (const input of this.heldInputs.splice(0)) this.step(input);
  }

  connect(): Client {
    this.#clients++;
    const session = new ClientSession({
      id: this.#clients,
      address: `127.0.0.1:${this.#clients}`,
      localAddress: "127.0.0.1:1",
      createdAtMs: this.#group.now.wallMs,
    });
    const client = new Client(session);
    this.#dispatcher.connect(session);
    this.member.desk.add(client);
    return client;
  }

  /** Runs one command and the flush of its turn. @returns what has reached the client so far, and clears it. */
  run(client: Client, ...argv: string[]): string {
    return this.runAll(client, [argv]);
  }

  /** Commands that have come together. */
  runAll(client: Client, commands: readonly string[][]): string {
    this.member.beginCommands(this.#group.now);
    for (const argv of commands) this.member.desk.run(client, argv);
    this.#carryOut();
    this.flush();
    return this.read(client);
  }

  /** As `run`, once everything that it set going has come to rest. */
  ask(client: Client, ...argv: string[]): string {
    const early = this.run(client, ...argv);
    this.#group.settle();
    return early + this.read(client);
  }

  /** What has reached the client since the last look. */
  read(client: Client): string {
    const text = this.#outputs.get(client) ?? "";
    this.#outputs.delete(client);
    return text;
  }

  lastAnswer<Type extends NodeToSentinel["type"]>(type: Type): Extract<NodeToSentinel, { type: Type }> {
    const found = this.answers.findLast((answer) => answer.type === type);
    if (found === undefined) throw new Error(`${this.id} has not answered ${type}`);
    return found as Extract<NodeToSentinel, { type: Type }>;
  }

  #build(): [Member, Keyspace, Dispatcher] {
    this.starts++;
    this.disk.retainedAfter = null;
    const keyspace = new Keyspace();
    let member: Member | undefined;
    const dispatcher = new Dispatcher(
      keyspace,
      hostOf(() => member),
    );
    const { disk } = this;
    member = new Member(
      {
        id: this.id,
        startId: `${this.id}-start${this.starts}` as StartId,
        client: { host: "127.0.0.1", port: Number(this.id.slice(1)) },
        priority: 100,
        zone: "",
        voting: true,
        reads: "linearizable",
        ackTimeoutMs: 1000,
        uncommittedBytesMax: 64 * 1024 * 1024,
        snapshotAfterBytes: 1024 * 1024,
        static: null,
        incarnation: disk.incarnation,
        doubts: disk.doubts,
        state: disk.state,
        position: disk.last,
        history: disk.history,
        snapshotOffset: disk.snapshot?.position.offset ?? (0 as Offset),
        logBytes: 0,
        rules: this.#group.options.rules ?? {},
        now: this.#group.now,
      },
      { keyspace, dispatcher, replayer: new KeyspaceReplayer(keyspace, dispatcher) },
    );
    return [member, keyspace, dispatcher];
  }

  #carryOut(): void {
    const { outbox } = this.member;
    while (!outbox.isEmpty) for (const effect of outbox.take()) this.#do(effect);
  }

  #later(input: MemberInput): void {
    const { member } = this;
    this.#group.later(() => {
      if (this.member !== member) return;
      if (this.diskIsSlow) this.heldInputs.push(input);
      else this.step(input);
    });
  }

  #do(effect: MemberEffect): void {
    const { disk } = this;
    switch (effect.type) {
      case "append": {
        const cursor = new RecordCursor(effect.bytes);
        while (cursor.next()) {
          disk.records.set(cursor.offset, {
            epoch: cursor.epoch,
            bytes: effect.bytes.subarray(cursor.start, cursor.end),
          });
          disk.last = { epoch: cursor.epoch, offset: cursor.offset };
          disk.history = extendHistory(disk.history, cursor.epoch, cursor.offset);
        }
        this.#later({ type: "persisted", lastOffset: effect.lastOffset });
        break;
      }
      case "cut":
        for (const offset of disk.records.keys())
          if (offset > effect.last.offset) disk.records.delete(offset);
        disk.history = cutHistory(disk.history, effect.last.offset);
        disk.last = effect.last;
        disk.rollbacks.push(effect.last);
        break;
      case "saveState": {
        const { state, version } = effect;
        disk.state = state;
        this.#later({ type: "stateSaved", version });
        break;
      }
      case "send":
        this.#group.send(this, effect.link, effect.message);
        break;
      case "closeLink":
        this.#group.closeLink(effect.link);
        break;
      case "output":
        this.#outputs.set(
          effect.client,
          (this.#outputs.get(effect.client) ?? "") + effect.client.takeReady().join(""),
        );
        break;
      case "closeClient":
        this.closedClients.add(effect.client);
        break;
      case "readLog": {
        const { link, from } = effect;
        const read: MemberInput = {
          type: "logRead",
          link,
          from,
          bytes: disk.records.get(from)?.bytes ?? null,
        };
        if (this.readsLeft > 0) this.#later(read);
        else this.heldInputs.push(read);
        this.readsLeft--;
        break;
      }
      case "retainLog":
        disk.retainedAfter = effect.after;
        break;
      case "loadSnapshot":
        for (const bytes of disk.snapshot?.chunks ?? []) this.#later({ type: "snapshotLoad", bytes });
        this.#later({ type: "snapshotLoaded", position: disk.snapshot?.position ?? EMPTY_POSITION });
        break;
      case "openSnapshot":
        this.#streams.set(effect.link, [...(disk.snapshot?.chunks ?? [])]);
        this.#later({ type: "snapshotOpened", link: effect.link, snapshot: disk.snapshot });
        break;
      case "readSnapshot": {
        const bytes = this.#streams.get(effect.link)?.shift() ?? null;
        this.#later({ type: "snapshotRead", link: effect.link, bytes });
        break;
      }
      case "closeSnapshot":
        this.#streams.delete(effect.link);
        break;
      case "beginSnapshot":
        this.#writing = { ...effect, chunks: [] };
        break;
      case "writeSnapshot":
        if (this.#writing === null) break;
        this.#writing.chunks.push(effect.bytes);
        this.#later({ type: "snapshotWritten", kind: this.#writing.kind });
        break;
      case "commitSnapshot":
        this.#commitSnapshot();
        break;
      case "log":
        this.logged.push(effect.event);
        this.logFields.push({ event: effect.event, fields: effect.fields });
        break;
      case "startIncarnation":
        disk.incarnation = `${this.id}-i${disk.incarnation.slice(-1)}+` as IncarnationId;
        this.#later({ type: "incarnationStarted", incarnation: disk.incarnation });
        break;
      default:
        break;
    }
  }

  #commitSnapshot(): void {
    const { disk } = this;
    const snapshot = this.#writing;
    this.#writing = null;
    if (snapshot === null) throw new InvariantError("no snapshot is being written");
    disk.snapshot = snapshot;
    if (snapshot.kind === "received") {
      disk.records.clear();
      disk.last = snapshot.position;
      disk.history = snapshot.history;
    } else {
      const end = Math.min(snapshot.position.offset, disk.retainedAfter ?? snapshot.position.offset);
      for (const offset of disk.records.keys()) if (offset <= end) disk.records.delete(offset);
    }
    this.#later({ type: "snapshotCommitted", kind: snapshot.kind, position: snapshot.position });
  }
}

interface TestLink {
  readonly from: TestMember;
  /** `null`: a sentinel, played by the test. */
  readonly to: TestMember | null;
  readonly twin: LinkId;
  cut: boolean;
}

export class TestGroup {
  readonly options: GroupOptions;
  readonly members: TestMember[];
  now: Instant = { monoMs: 1000, wallMs: 1_700_000_000_000 };
  readonly #links = new Map<LinkId, TestLink>();
  readonly #sentinelLinks = new Map<TestMember, LinkId>();
  #queue: (() => void)[] = [];
  #lastLink = 0;

  constructor(options: GroupOptions = {}) {
    this.options = options;
    this.members = Array.from({ length: options.members ?? 3 }, (_, i) => new TestMember(this, `n${i + 1}`));
    for (const member of this.members) member.step({ type: "start" });
    for (const member of this.members) this.linkSentinel(member);
    for (const dialler of this.members) {
      for (const other of this.members) if (dialler !== other) this.link(dialler, other);
    }
    this.settle();
  }

  member(id: string): TestMember {
    const found = this.members.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no member ${id}`);
    return found;
  }

  record(epoch: number, master: string | null, seq = 1): GroupRecord {
    return {
      name: "mymaster",
      groupId: GROUP_ID,
      number: { epoch: epoch as Epoch, seq },
      steward: LEADER,
      master: master as MemberId | null,
      members: this.members.map(({ id, disk }) => ({
        id,
        url: `ws://${id}`,
        client: { host: "127.0.0.1", port: Number(id.slice(1)) },
        incarnation: disk.incarnation,
        admitted: true,
        voting: true,
        priority: 100,
        zone: "",
      })),
      mode: this.options.mode ?? "semi-sync",
      copies: this.options.copies ?? 2,
      paused: false,
    };
  }

  /** A sentinel's word to one member; what it answers is in `answers`. */
  order(member: TestMember, message: SentinelToNode): void {
    const link = this.#sentinelLinks.get(member);
    if (link === undefined) throw new Error("no sentinel link");
    member.step({ type: "message", link, message });
    member.flush();
    this.settle();
  }

  seal(member: TestMember, epoch: number, leader: Leader = LEADER): void {
    this.order(member, {
      type: "seal",
      group: "mymaster",
      groupId: GROUP_ID,
      epoch: epoch as Epoch,
      leader,
    });
  }

  /** A message of one member to another, on the link that the receiver dialled. */
  tell(to: TestMember, from: TestMember, message: NodeMessage): void {
    for (const [link, known] of this.#links) {
      if (known.from !== to || known.to !== from || known.cut || link > known.twin) continue;
      to.step({ type: "message", link, message });
      this.settle();
      return;
    }
    throw new Error(`${to.id} has dialled no link to ${from.id}`);
  }

  /** A whole reign by the book: seal all that are named, promote, follow, record. */
  reign(epoch: number, master: string, followers: readonly string[]): TestMember {
    const record = this.record(epoch, master);
    const chosen = this.member(master);
    const replicas = followers.map((id) => this.member(id));
    for (const member of [chosen, ...replicas]) this.seal(member, epoch);
    const { position } = chosen.lastAnswer("sealed").status;
    const order = { group: "mymaster", epoch: epoch as Epoch, leader: LEADER, record };
    this.order(chosen, { type: "promote", position, ...order });
    for (const replica of replicas) this.order(replica, { type: "follow", ...order });
    this.order(chosen, { type: "standing", record });
    this.pass(10);
    return chosen;
  }

  /** Lets time pass, a tick at a time. */
  pass(ms: number, stepMs = 10): void {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(stepMs, left);
      this.now = { monoMs: this.now.monoMs + step, wallMs: this.now.wallMs + step };
      for (const member of this.members)
        if (member.member.deadlineMs() <= this.now.monoMs) member.step({ type: "tick" });
      this.settle();
    }
  }

  /** Delivers everything that is under way, with the flushes that follow. */
  settle(): void {
    for (let rounds = 0; this.#queue.length > 0; rounds++) {
      if (rounds > 10_000) throw new Error("the group does not come to rest");
      for (const action of this.#queue.splice(0)) action();
      // As the shell does: who has nothing to do at the end of a turn is left alone.
      for (const member of this.members) if (member.member.wantsFlush) member.flush();
    }
  }

  later(action: () => void): void {
    this.#queue.push(action);
  }

  send(from: TestMember, link: LinkId, message: NodeMessage): void {
    const known = this.#links.get(link);
    if (known === undefined || known.cut) return;
    const { to, twin } = known;
    if (to === null) {
      from.answers.push(message as NodeToSentinel);
      return;
    }
    this.later(() => {
      if (this.#links.get(link)?.cut === false) to.step({ type: "message", link: twin, message });
    });
  }

  closeLink(link: LinkId): void {
    const known = this.#links.get(link);
    if (known === undefined) return;
    this.#links.delete(link);
    this.#links.delete(known.twin);
    this.later(() => {
      known.from.step({ type: "linkDown", link });
      known.to?.step({ type: "linkDown", link: known.twin });
    });
  }

  link(dialler: TestMember, other: TestMember): void {
    const link = ++this.#lastLink;
    const twin = ++this.#lastLink;
    this.#links.set(link, { from: dialler, to: other, twin, cut: false });
    this.#links.set(twin, { from: other, to: dialler, twin: link, cut: false });
    const peer = (member: TestMember): { kind: "node"; id: string; startId: StartId } => ({
      kind: "node",
      id: member.id,
      startId: `${member.id}-start${member.starts}` as StartId,
    });
    dialler.step({ type: "linkUp", link, peer: peer(other), dialled: true });
    other.step({ type: "linkUp", link: twin, peer: peer(dialler), dialled: false });
  }

  linkSentinel(member: TestMember): void {
    const link = ++this.#lastLink;
    this.#links.set(link, { from: member, to: null, twin: link, cut: false });
    this.#sentinelLinks.set(member, link);
    member.step({ type: "linkUp", link, peer: { kind: "sentinel", ...LEADER }, dialled: false });
  }

  /** Silently drops all that goes between members on both sides, as a partition does. */
  partition(ids: readonly string[]): void {
    for (const link of this.#links.values()) {
      if (link.to !== null && ids.includes(link.from.id) !== ids.includes(link.to.id)) link.cut = true;
    }
  }

  /** Ends cut links and dials them anew, as peers do when a partition heals. */
  heal(): void {
    for (const [id, link] of [...this.#links]) {
      if (!link.cut || link.to === null || !this.#links.has(id)) continue;
      const { from, to } = link;
      this.closeLink(id);
      this.later(() => {
        this.link(from, to);
        this.link(to, from);
      });
    }
    this.settle();
  }

  /** The member's process dies and starts again on the same disk. */
  restart(member: TestMember): void {
    for (const [id, link] of [...this.#links]) {
      if (link.from === member && this.#links.has(id)) this.closeLink(id);
    }
    this.#queue = this.#queue.filter(() => true);
    this.settle();
    member.restart();
    this.linkSentinel(member);
    for (const other of this.members) {
      if (other === member) continue;
      this.link(member, other);
      this.link(other, member);
    }
    this.settle();
  }
}

function hostOf(member: () => Member | undefined): CommandHost {
  return {
    random: new SeededRandomness(1),
    parameters: { names: () => [], get: () => undefined, set: () => undefined },
    passwordRequired: false,
    redisVersion: "7.0.15",
    refuse: (command, session, _argv, flags) => member()?.desk.refuse(command, session, flags),
    stopwatchMs: () => 0,
    authenticate: () => false,
    // As far as WAIT looks at it.
    describeReplication: () => ({
      ...{ role: "master", replicas: [], replicationId: "0".repeat(40), offset: OFFSET_ZERO, extra: [] },
    }),
    info: () => [],
    clientsMax: () => 100,
    resetStatistics: () => {},
    replicasThatHold: () => 0,
    closeSession: () => {},
    pauseClients: (kind, durationMs) => member()?.desk.pause(kind, durationMs),
    unpauseClients: () => member()?.desk.unpause(),
    buffersOf: () => undefined,
    unblock: (session, how) => member()?.desk.unblock(session, how) ?? false,
    logScript: () => {},
    stall: () => {},
    snapshot: () => member()?.wantSnapshot(),
    lastSnapshotSec: () => 0,
    shutdown: () => undefined,
  };
}
