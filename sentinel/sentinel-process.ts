/**
 * The shell of one sentinel: wires the core to the peer network, the Redis clients and the disk, and carries out its
 * effects. Decides nothing about groups.
 */
import { randomBytes } from "node:crypto";
import os from "node:os";
import { InterrexError, invariant } from "../src/base/errors.ts";
import type { Millis, SentinelId, StartId } from "../src/base/ids.ts";
import { SeededRandomness } from "../src/base/randomness.ts";
import { type Clock, SystemClock } from "../src/io/clock.ts";
import type { Logger } from "../src/io/logger.ts";
import { PeerNetwork } from "../src/io/peer/peer-network.ts";
import type { RedisConnection, RedisConnectionHandler } from "../src/io/redis/redis-connection.ts";
import { RedisServer } from "../src/io/redis/redis-server.ts";
import type { PeerMessage } from "../src/protocol/peer/codec.ts";
import type { LinkId, PeerIdentity } from "../src/protocol/peer/identity.ts";
import { compareRecordNumbers, type GroupRecord, type RecordNumber } from "../src/rules/group-record.ts";
import { ClientConnections } from "./client-connections.ts";
import type { ProcessUsage } from "./clients/answer.ts";
import { SENTINEL_CLIENT_LIMITS } from "./clients/client-limits.ts";
import { messageOf } from "./clients/event-payload.ts";
import { SentinelClients } from "./clients/sentinel-clients.ts";
import type { SentinelFacts } from "./clients/sentinel-facts.ts";
import type { SentinelEffect } from "./core/outbox.ts";
import { SentinelCore } from "./core/sentinel.ts";
import type { SentinelNotice } from "./core/sentinel-event.ts";
import { decodeSentinelState, type SentinelState } from "./core/sentinel-state.ts";
import type { GroupView } from "./core/view.ts";
import { CoreLoop } from "./core-loop.ts";
import { mayHear } from "./peer-inbox.ts";
import type { SentinelConfig } from "./sentinel-config.ts";
import { healthBody, prometheusText } from "./sentinel-metrics.ts";
import { MemoryStateCell, openStateCell, type StateCell } from "./state-cell.ts";
import { survivalOf } from "./survival.ts";

/** Beyond the switchover's own timeout: votes, seals and the new record take their time too. */
const OPERATOR_GRACE_MS = 5000;

export interface SentinelProcessOptions {
  readonly config: SentinelConfig;
  readonly logger: Logger;
  /** Called once when it has stopped by itself: a broken invariant, or a state that can't be saved. */
  readonly onFailed: (error: Error) => void;
  /** A client said SHUTDOWN. */
  readonly onShutdown?: () => void;
  /** Instead of `config.dataDir`: memory that outlives this process of a test cluster. */
  readonly stateCell?: StateCell;
  readonly clock?: Clock;
  /** Called when this sentinel begins to answer clients from another record. */
  readonly onRecord?: (record: GroupRecord) => void;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** There from the moment that the client port is known. */
interface Parts {
  readonly core: SentinelCore;
  readonly clients: SentinelClients;
  readonly connections: ClientConnections;
  readonly loop: CoreLoop;
}

async function openCell({ config, logger }: SentinelProcessOptions): Promise<StateCell> {
  if (config.dataDir === null) return new MemoryStateCell();
  return await openStateCell(config.dataDir, { groups: config.groups.length, logger });
}

export class SentinelProcess {
  readonly #options: SentinelProcessOptions;
  readonly #config: SentinelConfig;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #cell: StateCell;
  readonly #startId = randomBytes(20).toString("hex") as StartId;
  readonly #startedAtMs: Millis;
  readonly #network: PeerNetwork;
  readonly #server: RedisServer;
  readonly #peers = new Map<LinkId, PeerIdentity>();
  readonly #switches = new Map<string, number>();
  /** Number of the record that clients were last answered from, by group. */
  readonly #answered = new Map<string, RecordNumber>();
  /** What was last said to be survived, by group. */
  readonly #survives = new Map<string, string>();
  #phase: "starting" | "running" | "stopping" | "ended" = "starting";
  #parts: Parts | null = null;
  #address: Address = { host: "", port: 0 };
  #peerAddress: Address = { host: "", port: 0 };

  /**
   * Loads the state, listens on both ports and starts to watch.
   *
   * @throws InterrexError `PORT_IN_USE`, `PEER_PORT_UNAVAILABLE`, `BAD_DATA_DIR`, `DATA_DIR_IN_USE`, `CORRUPT_STATE`, `BAD_SENTINEL_STATE`,
   * ...: nothing is left open then.
   */
  static async start(options: SentinelProcessOptions): Promise<SentinelProcess> {
    const cell = options.stateCell ?? (await openCell(options));
    const sentinel = new SentinelProcess(options, cell);
    try {
      await sentinel.#start();
    } catch (error) {
      sentinel.kill();
      throw error;
    }
    return sentinel;
  }

  private constructor(options: SentinelProcessOptions, cell: StateCell) {
    const { config, logger } = options;
    this.#options = options;
    this.#config = config;
    this.#log = logger;
    this.#clock = options.clock ?? new SystemClock();
    this.#cell = cell;
    this.#startedAtMs = this.#clock.now().monoMs;
    this.#network = new PeerNetwork({
      self: { kind: "sentinel", id: config.id, startId: this.#startId },
      host: config.host,
      port: config.peerPort,
      secret: config.peerSecret,
      logger,
      handler: {
        linkUp: (link, peer, dialled) => {
          this.#peers.set(link, peer);
          this.#parts?.loop.dispatch({ type: "linkUp", link, peer, dialled });
        },
        linkDown: (link) => {
          this.#peers.delete(link);
          this.#parts?.loop.dispatch({ type: "linkDown", link });
        },
        message: (link, message) => this.#heard(link, message),
        probed: (target, outcome) => this.#parts?.loop.dispatch({ type: "probed", target, outcome }),
      },
      health: () => ({ ok: this.#phase === "running", body: healthBody(config.id, this.#allViews()) }),
      metrics: () =>
        prometheusText({
          id: config.id,
          clients: this.#parts?.clients.count ?? 0,
          views: this.#allViews(),
          switches: this.#switches,
        }),
    });
    this.#server = new RedisServer({
      host: config.host,
      port: config.port,
      limits: SENTINEL_CLIENT_LIMITS,
      accept: (connection) => this.#accept(connection),
      onError: (error) => logger.warn({ event: "client-error", code: error.code, err: error }, error.message),
    });
  }

  get id(): SentinelId {
    return this.#config.id;
  }

  /** Where Redis clients reach it. */
  get address(): Address {
    return this.#address;
  }

  /** Where peers reach it, and where /health and /metrics are. */
  get peerAddress(): Address {
    return this.#peerAddress;
  }

  /** What it knows and thinks of the group now; `undefined` for an unknown name. */
  view(group: string): GroupView | undefined {
    return this.#parts?.core.view(group, this.#clock.now());
  }

  /** Ends clients and links in order, waits for saves under way. */
  async stop(): Promise<void> {
    if (this.#phase !== "running") return;
    this.#phase = "stopping";
    this.#parts?.loop.stop();
    await Promise.all([this.#server.close(), this.#network.close()]);
    await this.#cell.close();
    this.#phase = "ended";
    this.#log.info({ event: "sentinel-stopped" }, "stopped");
  }

  /** As `kill -9`: every socket is reset and nothing more is done, at once. */
  kill(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#parts?.loop.stop();
    this.#server.kill();
    this.#network.kill();
    this.#cell.abandon();
  }

  /** As SIGSTOP: nothing runs, sockets stay open. */
  pause(): void {
    this.#parts?.loop.pause();
    this.#parts?.connections.pause();
    this.#server.pause();
    this.#network.pause();
  }

  resume(): void {
    this.#parts?.loop.resume();
    this.#network.resume();
    this.#server.resume();
    this.#parts?.connections.resume();
  }

  /** For partitions in tests: peers for which it is false can't be reached, silently. */
  setReachable(reachable: (peerId: string) => boolean): void {
    this.#network.setReachable(reachable);
  }

  async #start(): Promise<void> {
    const bytes = this.#cell.load();
    const recovered = bytes === null ? null : decodeSentinelState(bytes, this.#config.id);
    this.#address = await this.#server.listen();
    // The core announces the client port, so it comes after `listen`; no client is read before this turn ends.
    const { loop } = this.#createParts(recovered);
    this.#peerAddress = await this.#network.listen();
    this.#phase = "running";
    this.#announce();
    loop.dispatch({ type: "start" });
  }

  #createParts(recovered: SentinelState | null): Parts {
    const { id, announceHost, membershipVersion, sentinels, groups } = this.#config;
    const core = new SentinelCore({
      config: {
        id,
        host: announceHost,
        clientPort: this.#address.port,
        membershipVersion,
        sentinels,
        groups,
      },
      startId: this.#startId,
      recovered,
      randomness: new SeededRandomness(randomBytes(4).readUInt32LE()),
      now: this.#clock.now(),
    });
    const loop = new CoreLoop({
      core,
      clock: this.#clock,
      carryOut: (effect) => this.#carryOut(effect, parts),
      settle: (nowMs) => {
        // What this event sets off leaves now, not at the end of the turn: a failover is made of such steps.
        this.#network.flush();
        parts.clients.settle(nowMs);
      },
      settleDeadlineMs: () => parts.clients.deadlineMs(),
      failed: (error) => this.#fail(error),
    });
    const clients = new SentinelClients({
      world: {
        facts: this.#facts(),
        groups: () => core.groups(),
        view: (group) => loop.view(group),
        isHolding: (group) => loop.isHolding(group),
        usage: () => this.#usage(),
      },
      operate: (operation, command) => loop.dispatch({ type: "operator", id: operation, command }),
      operatorTimeoutMs: (group) => this.#switchoverTimeoutMs(group) + OPERATOR_GRACE_MS,
      shutdown: () => setImmediate(() => this.#options.onShutdown?.()),
    });
    const nowMs = (): Millis => this.#clock.now().monoMs;
    const connections = new ClientConnections({ clients, loop, nowMs });
    const parts: Parts = { core, clients, connections, loop };
    this.#parts = parts;
    return parts;
  }

  #facts(): SentinelFacts {
    return {
      id: this.#config.id,
      startId: this.#startId,
      password: this.#config.password,
      clientPort: this.#address.port,
      announceHost: this.#config.announceHost,
      keepsState: this.#config.dataDir !== null,
      processId: process.pid,
      operatingSystem: `${os.type()} ${os.release()} ${os.arch()}`,
      nodeVersion: process.versions.node,
      startedAtMonoMs: this.#startedAtMs,
      failoverTimeoutMs: (group) => this.#switchoverTimeoutMs(group),
    };
  }

  #usage(): ProcessUsage {
    const { user, system } = process.cpuUsage();
    return {
      connectionsReceived: this.#server.connectionsReceived,
      connectionsRejected: this.#server.connectionsRejected,
      ...this.#server.traffic,
      cpuUserMicros: user,
      cpuSystemMicros: system,
    };
  }

  #announce(): void {
    const { groups, sentinels } = this.#config;
    const fields = { address: this.#address, peerAddress: this.#peerAddress, startId: this.#startId };
    this.#log.info(
      { event: "sentinel-started", ...fields },
      `serving clients on port ${this.#address.port} and peers on port ${this.#peerAddress.port}`,
    );
    for (const group of groups) this.#saySurvival(group.name, survivalOf(group, sentinels.length));
  }

  /** Again only where it differs: the record knows which nodes vote, and rules over the configuration. */
  #saySurvival(group: string, survives: string): void {
    if (this.#survives.get(group) === survives) return;
    this.#survives.set(group, survives);
    this.#log.info({ event: "survives", group, survives }, `${group} survives: ${survives}`);
  }

  #accept(connection: RedisConnection): RedisConnectionHandler | string {
    return this.#parts?.connections.accept(connection) ?? "-LOADING The sentinel is starting";
  }

  #heard(link: LinkId, message: PeerMessage): void {
    const peer = this.#peers.get(link);
    if (peer === undefined) return;
    if (mayHear(peer.kind, message)) {
      this.#parts?.loop.dispatch({ type: "message", link, message });
      return;
    }
    const fields = { event: "peer-out-of-role", peer: peer.id, kind: peer.kind, message: message.type };
    this.#log.warn(
      fields,
      `${peer.kind} ${peer.id} sent "${message.type}", which it may not; closing its link`,
    );
    this.#network.closeLink(link);
  }

  #carryOut(effect: SentinelEffect, { clients }: Parts): void {
    switch (effect.type) {
      case "send":
        this.#network.send(effect.link, effect.message);
        return;
      case "closeLink":
        this.#network.closeLink(effect.link);
        return;
      case "setPeers":
        this.#network.setTargets(effect.targets);
        return;
      case "probe":
        this.#network.probe(effect.target);
        return;
      case "saveState":
        this.#save(effect.version, effect.state);
        return;
      case "notice":
        this.#note(effect.notice);
        clients.publish(effect.notice, this.#clock.now().monoMs);
        return;
      case "operatorReply":
        clients.operatorReplied(effect.id, effect);
        return;
      case "masterChanged":
        this.#answerFrom(effect.record);
        return;
      case "log":
        this.#log[effect.level]({ ...effect.fields, event: effect.event }, effect.text);
    }
  }

  #answerFrom(record: GroupRecord): void {
    const before = this.#answered.get(record.name);
    invariant(
      before === undefined || compareRecordNumbers(record.number, before) >= 0,
      "S9: a sentinel's answers never go back",
    );
    this.#answered.set(record.name, record.number);
    const { groups, sentinels } = this.#config;
    const group = groups.find(({ name }) => name === record.name);
    if (group !== undefined) {
      const { members: nodes, mode, copies } = record;
      const standing = { nodes, replication: { mode, copies }, quorum: group.quorum };
      this.#saySurvival(group.name, survivalOf(standing, sentinels.length));
    }
    this.#options.onRecord?.(record);
  }

  #note(notice: SentinelNotice): void {
    if (notice.channel === "+switch-master") {
      this.#switches.set(notice.group, (this.#switches.get(notice.group) ?? 0) + 1);
    }
    const { channel, payload } = messageOf(notice);
    this.#log.info({ event: channel, payload }, `${channel} ${payload}`);
  }

  #save(version: number, state: SentinelState): void {
    this.#cell.save(Buffer.from(JSON.stringify(state), "utf8")).then(
      () => this.#parts?.loop.dispatch({ type: "stateSaved", version }),
      (cause: unknown) =>
        this.#fail(new InterrexError("STATE_NOT_SAVED", "Cannot save the votes and records", { cause })),
    );
  }

  /** It may not go on with a broken invariant, nor speak of votes that aren't durable: it ends as if killed. */
  #fail(error: Error): void {
    if (this.#phase === "ended") return;
    this.#log.fatal({ event: "sentinel-failed", err: error }, `sentinel stops: ${error.message}`);
    this.kill();
    this.#options.onFailed(error);
  }

  #allViews(): GroupView[] {
    return (this.#parts?.core.groups() ?? []).flatMap((group) => this.view(group) ?? []);
  }

  #switchoverTimeoutMs(group: string): Millis {
    return this.#config.groups.find(({ name }) => name === group)?.switchoverTimeoutMs ?? 0;
  }
}
