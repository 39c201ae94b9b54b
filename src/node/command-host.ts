/** What commands may ask of the node: the shell's side of INFO, ROLE, CONFIG, CLIENT KILL, DEBUG SLEEP and the like. */
import { createHash, timingSafeEqual } from "node:crypto";
import { machine, release, totalmem, type } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { Offset } from "../base/ids.ts";
import { type Randomness, SeededRandomness } from "../base/randomness.ts";
import type { PauseKind } from "../core/client-pause.ts";
import type { Argv, Command } from "../core/commands/command.ts";
import type {
  ClientBuffers,
  CommandHost,
  HostInfoSection,
  InfoLines,
  Parameters,
  ReplicationDescription,
  Traffic,
} from "../core/commands/host.ts";
import type { Member } from "../core/member.ts";
import type { ClientSession } from "../core/session.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeLimits } from "./node-limits.ts";
import { nodeParameters, type Steered } from "./node-parameters.ts";

/** The Redis version whose behaviour clients may expect. */
const REDIS_VERSION = "7.0.15";

/** What only the process can do or tell. */
export interface NodeHands {
  closeSession(session: ClientSession): void;
  logScript(level: number, message: string): void;
  stall(durationMs: number): void;
  shutdown(): void;
  buffersOf(session: ClientSession): ClientBuffers | undefined;
  connectionsReceived(): number;
  connectionsRejected(): number;
  traffic(): Traffic;
  lastSnapshotSec(): number;
  readonly limits: NodeLimits;
  /** What CONFIG SET steers in the core. */
  readonly steered: Omit<Steered, "masterAddress">;
  readonly startedAtMs: number;
  port(): number;
}

export class NodeCommandHost implements CommandHost {
  readonly random: Randomness;
  readonly parameters: Parameters;
  readonly passwordRequired: boolean;
  readonly redisVersion: string = REDIS_VERSION;
  readonly #config: NodeConfig;
  readonly #hands: NodeHands;
  #member: Member | null = null;
  /** What CONFIG RESETSTAT has taken off. */
  #receivedBefore = 0;
  #rejectedBefore = 0;
  #receivedBytesBefore = 0;
  #writtenBytesBefore = 0;

  constructor(config: NodeConfig, hands: NodeHands, seed: number) {
    this.#config = config;
    this.#hands = hands;
    this.random = new SeededRandomness(seed);
    this.parameters = nodeParameters(config, hands.limits, {
      ...hands.steered,
      masterAddress: () => {
        const replication = this.describeReplication();
        if (replication.role === "master" || replication.masterHost === "") return "";
        return `${replication.masterHost} ${replication.masterPort}`;
      },
    });
    this.passwordRequired = config.password !== null;
  }

  /** The member is made after its host: the commands are among its parts. */
  attach(member: Member): void {
    this.#member = member;
  }

  refuse(command: Command, session: ClientSession, _argv: Argv, flags: number): string | undefined {
    return this.#member?.desk.refuse(command, session, flags);
  }

  stopwatchMs(): number {
    return performance.now();
  }

  authenticate(user: string, password: string): boolean {
    const expected = this.#config.password;
    return expected !== null && user === "default" && isSame(password, expected);
  }

  describeReplication(): ReplicationDescription {
    const status = this.#status();
    const record = this.#member?.record;
    const common = {
      replicationId: digestOf(`${status.groupId ?? ""}/${status.roleEpoch}`),
      offset: status.position.offset,
      extra: [
        ["interrex_role_epoch", status.roleEpoch],
        ["interrex_mode", record?.mode ?? "none"],
        ["interrex_copies", record?.copies ?? 0],
        ["interrex_committed_offset", status.committed],
        ["interrex_applied_offset", status.applied],
        ["interrex_established", Number(status.established)],
        ["interrex_lease", Number(status.leaseHeld)],
        ["interrex_incarnation", status.incarnation],
      ] satisfies InfoLines,
    };
    if (status.role === "replica" && status.following !== null) {
      const master = this.#member?.view.masterClient() ?? null;
      const spokeMs = this.#member?.view.masterSilentMs() ?? 0;
      return {
        ...common,
        role: "replica",
        masterHost: master?.host ?? "",
        masterPort: master?.port ?? 0,
        link: status.following.linkUp ? "connected" : "connect",
        secondsSinceMasterSpoke: Math.floor(spokeMs / 1000),
        priority: status.voting ? status.priority : 0,
      };
    }
    if (status.role === "master") {
      return {
        ...common,
        role: "master",
        replicas: (this.#member?.view.replicas() ?? []).map(({ client, received, state, silentMs }) => ({
          host: client.host,
          port: client.port,
          state: state === "streaming" ? "online" : "send_bulk",
          offset: received,
          lagSec: Math.floor(silentMs / 1000),
        })),
      };
    }
    // Without a role nobody may take this node for a master.
    return {
      ...common,
      role: "replica",
      masterHost: "",
      masterPort: 0,
      link: "connect",
      secondsSinceMasterSpoke: 0,
      priority: status.priority,
    };
  }

  info(section: HostInfoSection): InfoLines {
    switch (section) {
      case "server":
        return this.#serverInfo();
      case "memory":
        return memoryInfo();
      case "persistence":
        return this.#persistenceInfo();
      case "stats":
        return this.#statsInfo();
      default:
        return cpuInfo();
    }
  }

  clientsMax(): number {
    return this.#hands.limits.clientsMax;
  }

  traffic(): Traffic {
    return this.#hands.traffic();
  }

  resetStatistics(): void {
    this.#receivedBefore = this.#hands.connectionsReceived();
    this.#rejectedBefore = this.#hands.connectionsRejected();
    const { receivedBytes, writtenBytes } = this.#hands.traffic();
    this.#receivedBytesBefore = receivedBytes;
    this.#writtenBytesBefore = writtenBytes;
  }

  replicasThatHold(offset: Offset): number {
    const { replicas } = this.#status();
    return replicas.filter(({ received }) => received >= offset).length;
  }

  closeSession(session: ClientSession): void {
    this.#hands.closeSession(session);
  }

  pauseClients(kind: PauseKind, durationMs: number): void {
    this.#member?.desk.pause(kind, durationMs);
  }

  unpauseClients(): void {
    this.#member?.desk.unpause();
  }

  buffersOf(session: ClientSession): ClientBuffers | undefined {
    return this.#hands.buffersOf(session);
  }

  unblock(session: ClientSession, how: "timeout" | "error"): boolean {
    return this.#member?.desk.unblock(session, how) ?? false;
  }

  logScript(level: number, message: string): void {
    this.#hands.logScript(level, message);
  }

  stall(durationMs: number): void {
    this.#hands.stall(durationMs);
  }

  snapshot(): void {
    this.#member?.wantSnapshot();
  }

  lastSnapshotSec(): number {
    return this.#hands.lastSnapshotSec();
  }

  shutdown(): void {
    this.#hands.shutdown();
  }

  #status(): NodeStatus {
    if (this.#member === null) throw new Error("a command ran before the member was made");
    return this.#member.status();
  }

  /** A snapshot is the rewriting of the log, whoever asked for it. */
  #persistenceInfo(): InfoLines {
    const view = this.#member?.view;
    const takesSnapshot = Number(view?.takesSnapshot ?? false);
    const snapshotStatus = view?.snapshotFailed ? "err" : "ok";
    return [
      ["loading", Number(view?.loading ?? true)],
      ["async_loading", 0],
      ["rdb_changes_since_last_save", view?.changesSinceSnapshot ?? 0],
      ["rdb_bgsave_in_progress", takesSnapshot],
      ["rdb_last_save_time", this.#hands.lastSnapshotSec()],
      ["rdb_last_bgsave_status", snapshotStatus],
      ["aof_enabled", 1],
      ["aof_rewrite_in_progress", takesSnapshot],
      ["aof_last_bgrewrite_status", snapshotStatus],
      ["aof_last_write_status", this.#status().diskFailing ? "err" : "ok"],
    ];
  }

  #statsInfo(): InfoLines {
    const { receivedBytes, writtenBytes } = this.#hands.traffic();
    return [
      ["total_connections_received", this.#hands.connectionsReceived() - this.#receivedBefore],
      ["total_net_input_bytes", receivedBytes - this.#receivedBytesBefore],
      ["total_net_output_bytes", writtenBytes - this.#writtenBytesBefore],
      ["rejected_connections", this.#hands.connectionsRejected() - this.#rejectedBefore],
    ];
  }

  #serverInfo(): InfoLines {
    const nowMs = Date.now();
    const uptimeSec = Math.floor((nowMs - this.#hands.startedAtMs) / 1000);
    return [
      ["redis_version", REDIS_VERSION],
      ["redis_mode", "standalone"],
      ["os", `${type()} ${release()} ${machine()}`],
      ["arch_bits", 64],
      ["server_name", "interrex"],
      ["interrex_id", this.#config.id],
      ["process_id", process.pid],
      ["run_id", digestOf(this.#status().startId)],
      ["tcp_port", this.#hands.port()],
      ["server_time_usec", nowMs * 1000],
      ["uptime_in_seconds", uptimeSec],
      ["uptime_in_days", Math.floor(uptimeSec / 86_400)],
      ["node_version", process.version],
    ];
  }
}

function memoryInfo(): InfoLines {
  const { heapUsed, rss, external } = process.memoryUsage();
  return [
    ["used_memory_rss", rss],
    ["total_system_memory", totalmem()],
    ["mem_allocator", "v8"],
    ["interrex_allocated", heapUsed + external],
    ["interrex_heap_used", heapUsed],
    ["interrex_heap_limit", getHeapStatistics().heap_size_limit],
  ];
}

function cpuInfo(): InfoLines {
  const { user, system } = process.cpuUsage();
  return [
    ["used_cpu_sys", (system / 1e6).toFixed(6)],
    ["used_cpu_user", (user / 1e6).toFixed(6)],
  ];
}

/** Compares digests, so that the time taken says nothing of the password. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text, "latin1").digest();
  return timingSafeEqual(digest(given), digest(Buffer.from(expected).toString("latin1")));
}

function digestOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
