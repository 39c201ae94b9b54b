/** A group of three nodes and three sentinels as hand-made views, and one client of a sentinel without sockets. */
import type { OperatorOutcome, ProcessUsage } from "../../../sentinel/clients/answer.ts";
import { SentinelClients } from "../../../sentinel/clients/sentinel-clients.ts";
import type { SentinelFacts } from "../../../sentinel/clients/sentinel-facts.ts";
import type { GroupView, MemberView, SentinelPeerView } from "../../../sentinel/core/view.ts";
import type {
  Epoch,
  GroupId,
  IncarnationId,
  MemberId,
  Offset,
  SentinelId,
  StartId,
} from "../../../src/base/ids.ts";
import type { NodeStatus } from "../../../src/protocol/peer/node-messages.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS } from "../../../src/protocol/resp/limits.ts";
import { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import type { GroupRecord } from "../../../src/rules/group-record.ts";
import { type Decoded, decodeReplies } from "./resp-decode.ts";

const PORTS: Readonly<Record<string, number>> = { n1: 6379, n2: 6380, n3: 6381 };

export function recordWith(master: string | null, epoch = 1): GroupRecord {
  return {
    name: "mymaster",
    groupId: "g-1" as GroupId,
    number: { epoch: epoch as Epoch, seq: 1 },
    steward: { id: "s1" as SentinelId, startId: "s1-start" as StartId },
    master: master as MemberId | null,
    members: Object.entries(PORTS).map(([id, port]) => ({
      id: id as MemberId,
      url: `ws://127.0.0.1:${port + 10_000}`,
      client: { host: "127.0.0.1", port },
      incarnation: `${id}-life` as IncarnationId,
      admitted: true,
      voting: true,
      priority: 100,
      zone: "",
    })),
    mode: "semi-sync",
    copies: 2,
    paused: false,
  };
}

export function memberView(id: string, master: string | null, change: Partial<MemberView> = {}): MemberView {
  const port = PORTS[id] ?? 0;
  return {
    id: id as MemberId,
    url: `ws://127.0.0.1:${port + 10_000}`,
    client: { host: "127.0.0.1", port },
    linkUp: true,
    sdown: false,
    sdownForMs: 0,
    unansweredPings: 0,
    unansweredForMs: 0,
    sinceLastPongMs: 39,
    status: nodeStatus(id, master),
    admitted: true,
    voting: true,
    priority: 100,
    zone: "",
    ineligible: null,
    ...change,
  };
}

export function peerView(id: string, change: Partial<SentinelPeerView> = {}): SentinelPeerView {
  return {
    id: id as SentinelId,
    host: "127.0.0.1",
    port: 26_378 + Number(id.slice(1)),
    startId: `${id}-start` as StartId,
    linkUp: true,
    sdown: false,
    sinceLastHeardMs: 12,
    votedEpoch: 1 as Epoch,
    thinksMasterDown: false,
    ...change,
  };
}

/** As s1 sees it: all is well. */
export function groupView(master: string | null = "n1", change: Partial<GroupView> = {}): GroupView {
  const record = recordWith(master);
  const others = Object.keys(PORTS).filter((id) => id !== master);
  return {
    name: "mymaster",
    quorum: 2,
    downAfterMs: 1000,
    standing: record,
    stored: record,
    votedEpoch: 1 as Epoch,
    holding: false,
    odown: false,
    failover: null,
    master: master === null ? null : memberView(master, master),
    replicas: others.map((id) => memberView(id, master)),
    sentinels: [peerView("s2"), peerView("s3")],
    history: [],
    obstacles: [],
    ...change,
  };
}

export function testFacts(password: string | null): SentinelFacts {
  return {
    id: "s1" as SentinelId,
    startId: "s1-start" as StartId,
    password,
    clientPort: 26_379,
    announceHost: "sentinel-1.example",
    keepsState: true,
    processId: 4711,
    operatingSystem: "Linux 6.1 x64",
    nodeVersion: "20.15.0",
    startedAtMonoMs: 0,
    failoverTimeoutMs: () => 5000,
  };
}

export const USAGE: ProcessUsage = {
  connectionsReceived: 12,
  connectionsRejected: 1,
  receivedBytes: 300,
  writtenBytes: 4000,
  cpuUserMicros: 1_500_000,
  cpuSystemMicros: 250,
};

export class ClientsUnderTest {
  readonly views: Map<string, GroupView> = new Map([["mymaster", groupView()]]);
  shutdowns = 0;
  readonly asked: { operation: number; command: unknown }[] = [];
  readonly clients: SentinelClients;
  nowMs = 1000;
  /** Set to let the core answer before `operate` returns. */
  outcomeAtOnce: OperatorOutcome | null = null;
  #nextId = 1;

  constructor(password: string | null = null, change: Partial<SentinelFacts> = {}) {
    const facts = { ...testFacts(password), ...change };
    this.clients = new SentinelClients({
      world: {
        facts,
        groups: () => [...this.views.keys()],
        view: (group) => this.views.get(group),
        isHolding: (group) => this.views.get(group)?.holding === true,
        usage: () => USAGE,
      },
      operate: (operation, command) => {
        this.asked.push({ operation, command });
        if (this.outcomeAtOnce !== null) {
          this.clients.operatorReplied(operation, this.outcomeAtOnce);
        }
      },
      operatorTimeoutMs: () => 5000,
      shutdown: () => {
        this.shutdowns += 1;
      },
    });
  }

  connect(): TestClient {
    return new TestClient(this, this.#nextId++);
  }
}

export class TestClient {
  readonly id: number;
  readonly remoteAddress: string;
  readonly localAddress = "127.0.0.1:26379";
  readonly requestMemory = { heldBytes: 30, freeBytes: 12 };
  readonly bufferedBytes = 5;
  ended = false;
  /** All that was written since the last look. */
  raw = "";
  writes = 0;
  readonly #test: ClientsUnderTest;
  readonly #decoder = new RequestDecoder(DEFAULT_REDIS_LIMITS);

  constructor(test: ClientsUnderTest, id: number) {
    this.#test = test;
    this.id = id;
    this.remoteAddress = `127.0.0.1:${50_000 + id}`;
    test.clients.connected(this, test.nowMs);
  }

  write(text: string): void {
    this.raw += text;
    this.writes++;
  }

  end(): void {
    this.ended = true;
  }

  send(...commands: readonly (readonly string[])[]): void {
    this.#decoder.feed(Buffer.from(commands.map((argv) => encodeCommand(argv)).join(""), "latin1"));
    this.processBuffered();
  }

  processBuffered(): void {
    this.#test.clients.serve(this.id, this.#decoder, this.#test.nowMs, () => true);
  }

  /** Sends one command and takes what came back, as the wire has it. */
  rawReply(...argv: readonly string[]): string {
    this.raw = "";
    this.send(argv);
    return this.takeRaw();
  }

  /** Sends one command and takes its one reply. */
  reply(...argv: readonly string[]): Decoded {
    const replies = decodeReplies(this.rawReply(...argv));
    if (replies.length !== 1)
      throw new Error(`expected one reply to ${argv.join(" ")}, got ${replies.length}`);
    return replies[0] ?? null;
  }

  takeRaw(): string {
    const { raw } = this;
    this.raw = "";
    return raw;
  }

  take(): Decoded[] {
    return decodeReplies(this.takeRaw());
  }
}

function nodeStatus(id: string, master: string | null): NodeStatus {
  const isMaster = id === master;
  return {
    id: id as MemberId,
    startId: `${id}-start` as StartId,
    groupId: "g-1" as GroupId,
    incarnation: `${id}-life` as IncarnationId,
    doubtfulByReboot: false,
    role: isMaster ? "master" : "replica",
    roleEpoch: 1 as Epoch,
    established: isMaster,
    promise: {
      epoch: 1 as Epoch,
      leader: { id: "s1" as SentinelId, startId: "s1-start" as StartId },
    },
    position: { epoch: 1 as Epoch, offset: 77 as Offset },
    committed: 77 as Offset,
    applied: 76 as Offset,
    record: { epoch: 1 as Epoch, seq: 1 },
    following: isMaster || master === null ? null : { master: master as MemberId, linkUp: true },
    sees: [],
    oldestUncommittedMs: 0,
    diskFailing: false,
    handover: null,
    waiting: [],
    replicas: [],
    leaseHeld: isMaster,
    client: { host: "127.0.0.1", port: PORTS[id] ?? 0 },
    priority: 100,
    zone: "",
    voting: true,
  };
}

/** Of a sentinel of its own. */
export function connect(password: string | null = null): { test: ClientsUnderTest; client: TestClient } {
  const test: ClientsUnderTest = new ClientsUnderTest(password);
  const client: TestClient = test.connect();
  return { test, client };
}
