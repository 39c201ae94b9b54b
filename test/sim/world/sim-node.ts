/**
 * One data node in the simulated world: the real member core with its keyspace, fed and served as `DataNode` does it.
 * It can end between any two effects. Decides nothing of the protocol; tells the monitor of all that it does.
 */
import { invariant } from "../../../src/base/errors.ts";
import type { MemberId, Millis, StartId } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import { Client } from "../../../src/core/client.ts";
import { Dispatcher } from "../../../src/core/commands/dispatcher.ts";
import { Keyspace } from "../../../src/core/keyspace/keyspace.ts";
import { KeyspaceReplayer } from "../../../src/core/keyspace-replayer.ts";
import { Member } from "../../../src/core/member.ts";
import type { MemberEffect, MemberInput } from "../../../src/core/member-io.ts";
import { ClientSession } from "../../../src/core/session.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { LinkId, PeerIdentity } from "../../../src/protocol/peer/identity.ts";
import type { Ack, NodeMessage } from "../../../src/protocol/peer/node-messages.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import { runCommands } from "../../core/run-commands.ts";
import { simCommandHost } from "./command-host.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Connection, Network, Receiver } from "./network.ts";
import { bytesOf, type NodeDisk } from "./node-disk.ts";
import type { NodeSettings } from "./node-settings.ts";
import { type DiskSpeed, NodeStorage } from "./node-storage.ts";
import { type PeerDirectory, PeerKeeper } from "./peer-keeper.ts";
import type { SimProcess } from "./sim-process.ts";

/** What clients and nodes say to each other: commands one way, RESP text the other. */
export type ClientPayload = { readonly commands: readonly string[][] } | { readonly replies: string };

/** Hears of everything that a node does, before the world does. */
export interface NodeMonitor {
  nodeStarted(node: SimNode): void;
  nodeStepped(node: SimNode): void;
  nodeSends(node: SimNode, link: LinkId, to: PeerIdentity | null, message: NodeMessage): void;
  nodeAppends(node: SimNode, bytes: Buffer): void;
  nodeCuts(node: SimNode, lastOffset: number): void;
  /** A full sync is about to take the place of its log. */
  nodeReplacesLog(node: SimNode, position: LogPosition): void;
  nodeLogs(node: SimNode, event: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface NodeWorld {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly randomness: Randomness;
  readonly directory: PeerDirectory;
  readonly monitor: NodeMonitor;
}

interface Served {
  readonly client: Client;
  readonly connection: Connection<ClientPayload>;
  readonly waiting: string[][];
}

/** Work of one turn of the event loop is gathered for about this long. */
const TURN_MS: Millis = 0.05;

export class SimNode {
  readonly id: MemberId;
  /** Its address may change between two lives. */
  url: string;
  readonly process: SimProcess;
  readonly disk: NodeDisk;
  readonly speed: DiskSpeed;
  readonly settings: NodeSettings;
  member: Member | null = null;
  keyspace: Keyspace = new Keyspace();
  keeper: PeerKeeper | null = null;
  /** Ends the process after so many effects more; `null`: not planned. */
  effectsToLive: number | null = null;
  onCrash: () => void = () => {};
  onDiskFailure: () => void = () => {};
  readonly #world: NodeWorld;
  readonly #served = new Map<Client, Served>();
  readonly #peers = new Map<LinkId, PeerIdentity>();
  #dispatcher: Dispatcher | null = null;
  #storage: NodeStorage | null = null;
  #lastAck: Ack | null = null;
  #flushDue = false;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #timer = 0;
  #sessions = 0;

  constructor(
    who: { id: MemberId; url: string; process: SimProcess; disk: NodeDisk; speed: DiskSpeed },
    settings: NodeSettings,
    world: NodeWorld,
  ) {
    this.id = who.id;
    this.url = who.url;
    this.process = who.process;
    this.disk = who.disk;
    this.speed = who.speed;
    this.settings = settings;
    this.#world = world;
  }

  get voting(): boolean {
    return this.settings.voting;
  }

  /** @returns false when its disk holds damage that nothing explains: it does not start. */
  start(): boolean {
    const { disk } = this;
    const found = disk.open(`${this.id}-boot${this.process.boot}`);
    if (found === null) return false;
    this.process.begin();
    this.keyspace = new Keyspace();
    this.#dispatcher = new Dispatcher(
      this.keyspace,
      simCommandHost(() => this.member, new SeededRandomness(this.process.life)),
    );
    if (this.settings.sabotage.repliesAtOnce === true) this.keyspace.saw = () => {};
    const startId = `${this.id}-life${this.process.life}` as StartId;
    const world = this.#world;
    this.#storage = new NodeStorage(
      disk,
      this.speed,
      this.#storageOwner(),
      world.randomness,
      this.settings.sabotage,
    );
    this.#flushDue = false;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.effectsToLive = null;
    this.member = new Member(
      {
        id: this.id,
        startId,
        client: { host: this.url, port: 6379 },
        priority: this.settings.priority,
        zone: "",
        voting: this.voting,
        reads: "linearizable",
        ackTimeoutMs: this.settings.ackTimeoutMs,
        uncommittedBytesMax: 1024 * 1024,
        snapshotAfterBytes: this.settings.snapshotAfterBytes,
        static: null,
        incarnation: found.incarnation,
        doubts: found.doubts,
        state: disk.state,
        position: disk.last,
        history: disk.history,
        snapshotOffset: disk.snapshot?.position.offset ?? (0 as never),
        snapshotBytes: disk.snapshot === null ? 0 : bytesOf(disk.snapshot),
        logBytes: found.logBytes,
        rules: this.settings.rules,
        now: this.#now(),
      },
      {
        keyspace: this.keyspace,
        dispatcher: this.#dispatcher,
        replayer: new KeyspaceReplayer(this.keyspace, this.#dispatcher),
      },
    );
    this.keeper = new PeerKeeper(world, {
      process: this.process,
      identity: { kind: "node", id: this.id, startId },
      linkUp: (link, peer, dialled) => {
        this.#peers.set(link, peer);
        this.#input({ type: "linkUp", link, peer, dialled });
      },
      linkDown: (link) => {
        this.#peers.delete(link);
        this.#input({ type: "linkDown", link });
      },
      message: (link, message) => this.#input({ type: "message", link, message: message as NodeMessage }),
    });
    world.monitor.nodeStarted(this);
    this.#input({ type: "start" });
    return true;
  }

  /** The process has ended, whatever ended it: what it held in memory is gone. */
  ended(): void {
    this.#storage?.end();
    this.#storage = null;
    this.member = null;
    this.keeper = null;
    this.#served.clear();
    this.#peers.clear();
    this.#lastAck = null;
  }

  /** Goes on after a stop: what came meanwhile first or, as timers may, the clock first. */
  resume(): void {
    const waited = this.process.resume();
    const clockFirst = this.#world.randomness.next() < 0.5;
    const { life } = this.process;
    if (clockFirst) this.#input({ type: "tick" });
    for (const action of waited) this.process.deliver(life, action);
    if (!clockFirst) this.process.deliver(life, () => this.#input({ type: "tick" }));
  }

  setDiskFull(full: boolean): void {
    this.process.deliver(this.process.life, () => this.#input({ type: "disk", full }));
  }

  wantSnapshot(): void {
    this.member?.wantSnapshot();
  }

  /** A Redis client has connected. */
  accept(connection: Connection<ClientPayload>): Receiver<ClientPayload> {
    const { member } = this;
    invariant(member !== null && this.#dispatcher !== null, "only a running node accepts");
    this.#sessions++;
    const session = new ClientSession({
      id: this.#sessions,
      address: `client:${this.#sessions}`,
      localAddress: `${this.id}:6379`,
      createdAtMs: this.#now().wallMs,
    });
    const client = new Client(session);
    const dispatcher = this.#dispatcher;
    dispatcher.connect(session);
    member.desk.add(client);
    const served: Served = { client, connection, waiting: [] };
    this.#served.set(client, served);
    return {
      message: (payload) => {
        if (!("commands" in payload)) return;
        served.waiting.push(...payload.commands.map((argv) => [...argv]));
        this.#runCommands(served);
      },
      down: () => {
        this.#served.delete(client);
        dispatcher.disconnect(session);
        this.#input({ type: "clientClosed", client });
      },
    };
  }

  // ---- inputs ----------------------------------------------------------------------------------

  #now(): Instant {
    return this.process.instant(this.#world.queue.nowMs);
  }

  #input(input: MemberInput): void {
    const { member } = this;
    if (member === null || !this.process.running) return;
    member.step(this.#now(), input);
    if (this.settings.sabotage.replicasExpire === true) this.#expireHere(member);
    this.#afterStep(member);
    this.#flushSoon(member);
  }

  #runCommands(served: Served): void {
    const { member } = this;
    const { client, waiting } = served;
    if (member === null || client.blocked !== null || client.pending !== null || client.backedUp) return;
    member.beginCommands(this.#now());
    waiting.splice(0, runCommands(member.desk, client, waiting));
    this.#afterStep(member);
    this.#flushSoon(member);
  }

  /** As in `DataNode`: only a turn that left something to do ends with a flush. */
  #flushSoon(member: Member): void {
    if (this.#flushDue || this.member !== member || !member.wantsFlush) return;
    this.#flushDue = true;
    this.#later(TURN_MS, () => {
      this.#flushDue = false;
      this.#input({ type: "flush" });
    });
  }

  #afterStep(member: Member): void {
    this.#world.monitor.nodeStepped(this);
    while (this.member === member && !member.outbox.isEmpty) {
      for (const effect of member.outbox.take()) {
        if (this.member !== member) return;
        this.#carryOut(effect);
        if (this.effectsToLive !== null && --this.effectsToLive <= 0) {
          this.effectsToLive = null;
          this.onCrash();
          return;
        }
      }
    }
    if (this.member === member) this.#arm(member);
  }

  #arm(member: Member): void {
    const atMs = member.deadlineMs();
    if (this.#timerAtMs <= atMs) return;
    this.#timerAtMs = atMs;
    const timer = ++this.#timer;
    const { queue } = this.#world;
    const delayMs = Math.max(1, this.process.trueMs(atMs) - queue.nowMs);
    this.#later(delayMs, () => {
      if (timer !== this.#timer) return;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#input({ type: "tick" });
    });
  }

  #later(delayMs: Millis, action: () => void): void {
    const { life } = this.process;
    this.#world.queue.after(delayMs, () => this.process.deliver(life, action));
  }

  #storageOwner(): ConstructorParameters<typeof NodeStorage>[2] {
    const { life } = this.process;
    return {
      input: (input) => this.#input(input),
      later: (delayMs, action) => this.#later(delayMs, action),
      meanwhile: (delayMs, action) =>
        this.#world.queue.after(delayMs, () => {
          if (this.process.alive && this.process.life === life) action();
        }),
      failed: () => this.onDiskFailure(),
      snapshotStands: (kind, position) => {
        if (kind === "received") this.#world.monitor.nodeReplacesLog(this, position);
      },
    };
  }

  /** Sabotage: see `replicasExpire`. */
  #expireHere(member: Member): void {
    if (member.status().role !== "replica" || member.view.loading) return;
    const { keyspace } = this;
    keyspace.nowMs = this.#now().wallMs;
    keyspace.mayExpire = true;
    this.#dispatcher?.expireCycle(100);
    keyspace.mayExpire = false;
  }

  /** Sabotage: see `repeatsAcks`. */
  #repeatEarlier(link: LinkId, message: NodeMessage): void {
    if (message.type === "ack") this.#lastAck = message;
    if (this.settings.sabotage.repeatsAcks !== true || message.type !== "sync") return;
    const ack = this.#lastAck;
    if (ack !== null && ack.epoch < message.epoch) this.keeper?.send(link, ack);
  }

  // ---- effects ---------------------------------------------------------------------------------

  #carryOut(effect: MemberEffect): void {
    const { monitor } = this.#world;
    switch (effect.type) {
      case "send":
        monitor.nodeSends(this, effect.link, this.#peers.get(effect.link) ?? null, effect.message);
        this.keeper?.send(effect.link, effect.message as PeerMessage);
        this.#repeatEarlier(effect.link, effect.message);
        return;
      case "closeLink":
        return this.keeper?.closeLink(effect.link);
      case "setPeers":
        return this.keeper?.setTargets(effect.targets);
      case "output": {
        const replies = effect.client.takeReady().join("");
        this.#served.get(effect.client)?.connection.send({ replies });
        return;
      }
      case "closeClient": {
        const served = this.#served.get(effect.client);
        if (served === undefined) return;
        const replies = effect.client.takeReady().join("") + effect.client.lastWords;
        if (replies !== "") served.connection.send({ replies });
        return served.connection.close();
      }
      case "resumeClient": {
        const served = this.#served.get(effect.client);
        if (served !== undefined) this.#later(0, () => this.#runCommands(served));
        return;
      }
      case "log":
        return monitor.nodeLogs(this, effect.event, effect.fields);
      case "stall":
      case "shutdown":
        return;
      case "append":
        monitor.nodeAppends(this, effect.bytes);
        return this.#storage?.carryOut(effect);
      case "cut":
        monitor.nodeCuts(this, effect.last.offset);
        return this.#storage?.carryOut(effect);
      default:
        this.#storage?.carryOut(effect);
    }
  }
}

/** The first group of a simulation, or the only one. */
export const GROUP = "mymaster";
