/**
 * The shell of one sentinel: wires the core to the peer network, the Redis clients and the disk, and starts, pauses and ends
 * them together. Decides nothing about groups, and carries out no effect itself (`effect-hands.ts`).
 */
import { randomBytes } from "node:crypto";
import type { Millis, SentinelId, StartId } from "../src/base/ids.ts";
import { SeededRandomness } from "../src/base/randomness.ts";
import { type Clock, SystemClock } from "../src/io/clock.ts";
import type { Logger } from "../src/io/logger.ts";
import { PeerNetwork } from "../src/io/peer/peer-network.ts";
import type { RedisConnection, RedisConnectionHandler } from "../src/io/redis/redis-connection.ts";
import { RedisServer } from "../src/io/redis/redis-server.ts";
import type { PeerMessage } from "../src/protocol/peer/codec.ts";
import type { LinkId, PeerIdentity } from "../src/protocol/peer/identity.ts";
import type { GroupRecord } from "../src/rules/group-record.ts";
import { ClientConnections } from "./client-connections.ts";
import { SENTINEL_CLIENT_LIMITS } from "./clients/client-limits.ts";
import { SentinelClients } from "./clients/sentinel-clients.ts";
import { SentinelCore } from "./core/sentinel.ts";
import { decodeSentinelState, type SentinelState } from "./core/sentinel-state.ts";
import type { GroupView } from "./core/view.ts";
import { CoreLoop } from "./core-loop.ts";
import { EffectHands } from "./effect-hands.ts";
import { mayHear } from "./peer-inbox.ts";
import { processFacts, processUsage } from "./process-facts.ts";
import type { SentinelConfig } from "./sentinel-config.ts";
import { healthBody, prometheusText } from "./sentinel-metrics.ts";
import { MemoryStateCell, openStateCell, type StateCell } from "./state-cell.ts";
import { SurvivalLog } from "./survival-log.ts";

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
  readonly hands: EffectHands;
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
  readonly #survival: SurvivalLog;
  readonly #peers = new Map<LinkId, PeerIdentity>();
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
    this.#survival = new SurvivalLog(config, logger);
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
          switches: this.#parts?.hands.switches ?? new Map(),
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
      carryOut: (effect) => parts.hands.carryOut(effect),
      settle: (nowMs) => {
        // What this event sets off leaves now, not at the end of the turn: a failover is made of such steps.
        this.#network.flush();
        parts.clients.settle(nowMs);
      },
      settleDeadlineMs: () => parts.clients.deadlineMs(),
      failed: (error) => this.#fail(error),
    });
    const facts = processFacts(this.#config, {
      startId: this.#startId,
      clientPort: this.#address.port,
      startedAtMonoMs: this.#startedAtMs,
    });
    const clients = new SentinelClients({
      world: {
        facts,
        groups: () => core.groups(),
        view: (group) => loop.view(group),
        isHolding: (group) => loop.isHolding(group),
        usage: () => processUsage(this.#server),
      },
      operate: (operation, command) => loop.dispatch({ type: "operator", id: operation, command }),
      operatorTimeoutMs: (group) => facts.failoverTimeoutMs(group) + OPERATOR_GRACE_MS,
      shutdown: () => setImmediate(() => this.#options.onShutdown?.()),
    });
    const nowMs = (): Millis => this.#clock.now().monoMs;
    const sendReplies = (): void => this.#server.flush();
    const connections = new ClientConnections({ clients, loop, nowMs, sendReplies });
    const hands = new EffectHands(
      {
        network: this.#network,
        cell: this.#cell,
        clients,
        survival: this.#survival,
        clock: this.#clock,
        logger: this.#log,
      },
      {
        dispatch: (input) => loop.dispatch(input),
        fail: (error) => this.#fail(error),
        answersFrom: (record) => this.#options.onRecord?.(record),
      },
    );
    const parts: Parts = { core, clients, connections, loop, hands };
    this.#parts = parts;
    return parts;
  }

  #announce(): void {
    const fields = { address: this.#address, peerAddress: this.#peerAddress, startId: this.#startId };
    this.#log.info(
      { event: "sentinel-started", ...fields },
      `serving clients on port ${this.#address.port} and peers on port ${this.#peerAddress.port}`,
    );
    this.#survival.sayConfigured();
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
}
