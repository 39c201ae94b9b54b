/**
 * One data node: wires the member's core to its storage, its peers and its Redis clients. It feeds events with the
 * time, carries out effects in order, and decides nothing.
 */
import { randomInt, randomUUID } from "node:crypto";
import { InterrexError } from "../base/errors.ts";
import type { StartId } from "../base/ids.ts";
import { Dispatcher } from "../core/commands/dispatcher.ts";
import { Keyspace } from "../core/keyspace/keyspace.ts";
import { seedMemberHashes } from "../core/keyspace/position-index.ts";
import type { Member } from "../core/member.ts";
import type { MemberInput } from "../core/member-io.ts";
import { SystemClock } from "../io/clock.ts";
import type { Logger } from "../io/logger.ts";
import { openFilesMax } from "../io/open-files.ts";
import { PeerNetwork } from "../io/peer/peer-network.ts";
import { type ListenAddress, RedisServer } from "../io/redis/redis-server.ts";
import type { MemberStorage } from "../io/storage/member-storage.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import { Alarm } from "./alarm.ts";
import { type BusyPolling, busyPolling } from "./busy-polling.ts";
import { warnOfClientsLeftOut } from "./client-access.ts";
import { NodeCommandHost } from "./command-host.ts";
import { coreSteering } from "./core-steering.ts";
import { createMember } from "./create-member.ts";
import { defaultStorage } from "./default-storage.ts";
import { EffectHands, stall } from "./effect-hands.ts";
import { NodeClients } from "./node-clients.ts";
import type { NodeConfig } from "./node-config.ts";
import { type NodeLimits, nodeLimits } from "./node-limits.ts";
import { nodeHealth, nodeMetrics } from "./node-metrics.ts";
import { SnapshotHands } from "./snapshot-hands.ts";
import { storageEvents } from "./storage-events.ts";

export interface DataNodeOptions {
  readonly config: NodeConfig;
  readonly logger: Logger;
  /** For tests and clusters in one process; left out, `config.dataDir` decides. */
  readonly storage?: MemberStorage;
  /** The node cannot go on (a broken invariant, a failed disk); it has closed its ports. */
  onFailed(error: unknown): void;
  /** A client said SHUTDOWN. */
  onShutdown?(): void;
}

type Phase = "running" | "paused" | "stopped";

export class DataNode {
  readonly #config: NodeConfig;
  readonly #options: DataNodeOptions;
  readonly #log: Logger;
  readonly #clock = new SystemClock();
  readonly #startId = randomUUID() as StartId;
  readonly #storage: MemberStorage;
  readonly #redis: RedisServer;
  readonly #limits: NodeLimits;
  readonly #peers: PeerNetwork;
  readonly #clients: NodeClients;
  readonly #hands: EffectHands;
  readonly #polling: BusyPolling;
  readonly #dispatcher: Dispatcher;
  readonly #host: NodeCommandHost;
  readonly #keyspace: Keyspace;
  readonly #alarm: Alarm = new Alarm(
    () => this.#clock.now().monoMs,
    () => this.#input({ type: "tick" }),
  );
  readonly #startedAtMs = Date.now();
  /** For those who bring inputs. */
  readonly #core = {
    input: (input: MemberInput): void => this.#input(input),
    fail: (error: unknown): void => this.#fail(error),
  };
  #member: Member | null = null;
  #phase: Phase = "running";
  #storageIsOpen = false;
  /** Inputs that came while paused, as a stopped process finds them when it goes on. */
  #waitingInputs: MemberInput[] = [];
  #flushDue = false;
  #address: ListenAddress = { host: "", port: 0 };
  #peerAddress: ListenAddress = { host: "", port: 0 };

  private constructor(options: DataNodeOptions) {
    const { config } = options;
    this.#options = options;
    this.#config = config;
    this.#log = options.logger;
    this.#storage = options.storage ?? defaultStorage(config);
    this.#polling = busyPolling(config.busyPollUs);
    // Before anything is hashed.
    seedMemberHashes(randomInt(2 ** 32), randomInt(2 ** 32));
    this.#keyspace = new Keyspace();
    this.#limits = nodeLimits(config.clientsMax, openFilesMax());
    this.#redis = new RedisServer({
      host: config.host,
      port: config.port,
      limits: this.#limits,
      accept: (connection) => this.#clients.accept(connection),
      onError: (error) => this.#log.warn({ event: "client-error", code: error.code }, error.message),
    });
    this.#peers = new PeerNetwork({
      self: { kind: "node", id: config.id, startId: this.#startId },
      host: config.host,
      port: config.peerPort,
      secret: config.peerSecret,
      logger: this.#log,
      handler: {
        linkUp: (link, peer, dialled) => this.#input({ type: "linkUp", link, peer, dialled }),
        linkDown: (link) => this.#input({ type: "linkDown", link }),
        message: (link, message) => this.#input({ type: "message", link, message } as MemberInput),
        probed: () => {},
      },
      health: () => nodeHealth(this.status()),
      metrics: () => nodeMetrics(this.status(), this.#running().view, this.#clients.size),
    });
    const snapshots = new SnapshotHands(this.#storage, {
      ...this.#core,
      log: (error) => this.#snapshotFailed(error),
    });
    this.#host = new NodeCommandHost(
      config,
      {
        closeSession: (session) => this.#clients.closeSession(session),
        logScript: (level, message) => this.#logScript(level, message),
        stall: (durationMs) => stall(durationMs),
        shutdown: () => setImmediate(() => options.onShutdown?.()),
        connectionsReceived: () => this.#redis.connectionsReceived,
        connectionsRejected: () => this.#redis.connectionsRejected,
        traffic: () => this.#redis.traffic,
        buffersOf: (session) => this.#clients.buffersOf(session),
        lastSnapshotSec: () => snapshots.lastSnapshotSec,
        limits: this.#limits,
        steered: coreSteering(this.#keyspace, {
          dispatcher: () => this.#dispatcher,
          member: () => this.#running(),
          random: () => this.#host.random,
        }),
        startedAtMs: this.#startedAtMs,
        port: () => this.#address.port,
      },
      randomInt(2 ** 32),
    );
    this.#keyspace.limitMemory(config.memory, this.#host.random);
    this.#dispatcher = new Dispatcher(this.#keyspace, this.#host);
    this.#clients = new NodeClients(config, this.#dispatcher, {
      member: () => this.#member,
      isRunning: () => this.#phase === "running",
      isPasswordRequired: () => this.#host.passwordRequired,
      now: () => this.#clock.now(),
      carryOut: (member) => {
        this.#carryOutAll(member);
        this.#flushSoon(member);
      },
      sendReplies: () => this.#sendReplies(),
      ran: (untilMs) => this.#polling.came("commands", untilMs),
      turnEnds: (batches) => this.#turnEnds(batches),
      closed: (client) => this.#input({ type: "clientClosed", client }),
      fail: (error) => this.#fail(error),
    });
    this.#hands = new EffectHands(
      { storage: this.#storage, snapshots, peers: this.#peers, clients: this.#clients, logger: this.#log },
      { ...this.#core, shutdown: () => options.onShutdown?.() },
    );
  }

  /**
   * Opens the storage, listens, and takes part. Resolves when both ports listen; who is master is told later.
   *
   * @throws InterrexError with one line that says what to do: a port in use, a damaged log, a directory in use.
   */
  static async start(options: DataNodeOptions): Promise<DataNode> {
    const node = new DataNode(options);
    try {
      await node.#start();
    } catch (error) {
      await node.#giveUpStart();
      throw error;
    }
    return node;
  }

  get id(): string {
    return this.#config.id;
  }

  /** Where Redis clients are served. */
  get address(): ListenAddress {
    return this.#address;
  }

  get peerAddress(): ListenAddress {
    return this.#peerAddress;
  }

  status(): NodeStatus {
    return this.#running().status();
  }

  /** Hash of the whole state: equal on members that have applied the same log. */
  digest(): string {
    return this.#keyspace.digest();
  }

  /**
   * Stops serving, closes the links, by which the others see that it goes, syncs and leaves the clean marker. Clients that
   * take their time to close their side hold up nothing but the end of this.
   */
  async stop(): Promise<void> {
    if (this.#phase === "stopped") return;
    if (this.#phase === "paused") this.resume();
    this.#clients.sendReplies();
    // From this call on no command is run any more, and no reply written.
    const clientsGone = this.#redis.close();
    this.#step({ type: "flush" });
    // It may have failed meanwhile, and been killed: the storage is closed then.
    if (this.#isStopped()) return await clientsGone;
    this.#phase = "stopped";
    this.#alarm.cancel();
    this.#peers.flush();
    const peersGone = this.#peers.close();
    try {
      await this.#storage.close();
    } finally {
      await Promise.all([clientsGone, peersGone]);
    }
  }

  /** As `kill -9`: every socket is reset at once, nothing is synced. */
  kill(): void {
    if (this.#phase === "stopped") return;
    this.#killSockets();
    this.#storage.crash();
  }

  /** As SIGSTOP: sockets stay open and connects succeed, nothing is read, answered or done. */
  pause(): void {
    if (this.#phase !== "running") return;
    this.#phase = "paused";
    this.#redis.pause();
    this.#peers.pause();
    this.#alarm.cancel();
  }

  resume(): void {
    if (this.#phase !== "paused") return;
    this.#phase = "running";
    this.#redis.resume();
    this.#clients.goOn();
    this.#peers.resume();
    const inputs = this.#waitingInputs;
    this.#waitingInputs = [];
    for (const input of inputs) this.#input(input);
    this.#input({ type: "tick" });
  }

  /** Partitions, for the test kit. */
  setReachable(reachable: (peerId: string) => boolean): void {
    this.#peers.setReachable(reachable);
  }

  async #start(): Promise<void> {
    const recovered = await this.#storage.open(storageEvents({ ...this.#core, logger: this.#log }));
    this.#storageIsOpen = true;
    for (const repair of recovered.repairs) this.#log.warn({ event: "log-repaired" }, repair);
    if (recovered.incarnationIsNew !== null) {
      this.#log.info(
        { event: "incarnation", incarnation: recovered.incarnation, reason: recovered.incarnationIsNew },
        "a new incarnation begins",
      );
    }
    warnOfClientsLeftOut(this.#config, this.#limits.clientsMax, this.#log);
    this.#address = await this.#redis.listen();
    this.#member = createMember(this.#config, recovered, {
      keyspace: this.#keyspace,
      dispatcher: this.#dispatcher,
      startId: this.#startId,
      port: this.#address.port,
      logBytes: this.#storage.logBytes(),
      now: this.#clock.now(),
    });
    this.#host.attach(this.#member);
    this.#peerAddress = await this.#peers.listen();
    const early = this.#waitingInputs;
    this.#waitingInputs = [];
    for (const input of [{ type: "start" } as const, ...early]) this.#input(input);
    this.#log.info(
      { event: "started", port: this.#address.port, peerPort: this.#peerAddress.port },
      "the node is up",
    );
  }

  /**
   * Nothing has been done yet, so the directory is left as one that was stopped: a port in use must not make the next
   * start, after a reboot, take the log for that of a power cut.
   */
  async #giveUpStart(): Promise<void> {
    if (this.#phase === "stopped") return;
    this.#killSockets();
    if (!this.#storageIsOpen) return;
    // The start's own error is the one to be thrown.
    const told = (error: unknown): void => this.#log.error({ event: "failed", err: error }, "no clean stop");
    await this.#storage.close().catch(told);
  }

  #killSockets(): void {
    this.#phase = "stopped";
    this.#alarm.cancel();
    this.#redis.kill();
    this.#peers.kill();
  }

  #snapshotFailed(error: unknown): void {
    // One that a stop has cut short is no failure: the next start takes no notice of it.
    if (this.#phase === "stopped") return;
    this.#log.error({ event: "snapshot-failed", err: error }, "a snapshot could not be written or read");
  }

  // ---- inputs --------------------------------------------------------------------------------------

  #input(input: MemberInput): void {
    if (this.#phase === "stopped") return;
    // Storage may speak before there is a member to hear it.
    if (this.#phase === "paused" || this.#member === null) {
      this.#waitingInputs.push(input);
      return;
    }
    this.#step(input);
  }

  #step(input: MemberInput): void {
    const member = this.#running();
    try {
      member.step(this.#clock.now(), input);
      this.#carryOutAll(member);
      // The turn's frames, or the acks of what was just persisted, are complete: somebody waits for them.
      if (input.type === "flush" || input.type === "persisted") this.#peers.flush();
      // So are the replies that this step has let go. Those of commands alone wait for the end of the turn.
      this.#redis.flush();
      if (input.type === "message" && input.message.type === "ack")
        this.#polling.came("acks", this.#clock.now().monoMs);
      this.#flushSoon(member);
    } catch (error) {
      this.#fail(error);
    }
  }

  #turnEnds(batches: number): void {
    if (!this.#running().wantsFlush) return this.#sendReplies();
    this.#polling.wrote(batches, this.#clock.now().monoMs);
    this.#input({ type: "flush" });
  }

  #sendReplies(): void {
    this.#carryOutAll(this.#running());
    this.#redis.flush();
  }

  /** One flush a turn: all commands and messages of the turn share one write and one frame for each replica that is waited for. */
  #flushSoon(member: Member): void {
    if (this.#flushDue || !member.wantsFlush) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.#input({ type: "flush" });
    });
  }

  /** As a call, since what was seen of `#phase` before a wait says nothing after it. */
  #isStopped(): boolean {
    return this.#phase === "stopped";
  }

  #running(): Member {
    if (this.#member === null) throw new InterrexError("NOT_STARTED", "The node has not started yet");
    return this.#member;
  }

  /** Something that must not happen did: nobody goes on from there. */
  #fail(error: unknown): void {
    if (this.#phase === "stopped") return;
    this.#log.fatal({ event: "failed", err: error }, "the node stops");
    this.kill();
    this.#options.onFailed(error);
  }

  #logScript(level: number, message: string): void {
    const method = (["debug", "debug", "info", "warn"] as const)[level] ?? "warn";
    this.#log[method]({ event: "script" }, message);
  }

  // ---- effects -------------------------------------------------------------------------------------

  #carryOutAll(member: Member): void {
    while (!member.outbox.isEmpty) {
      for (const effect of member.outbox.take()) this.#hands.carryOut(effect);
    }
    if (this.#phase === "running") this.#alarm.ringBy(member.deadlineMs());
  }
}
