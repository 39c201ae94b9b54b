/**
 * A Redis client that follows the sentinels, as stock clients do: asks one for the master, connects, sends commands
 * (some pipelined, some under WATCH), waits a bounded time, and on any doubt begins again. What it asks and hears goes
 * into the history.
 */
import type { Action } from "../../../cluster/chaos/linearizability.ts";
import type { Millis } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { EventQueue } from "../world/event-queue.ts";
import type { Connection, Network } from "../world/network.ts";
import type { ClientPayload, SimNode } from "../world/sim-node.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { SimSentinel } from "../world/sim-sentinel.ts";
import type { History, Operation } from "./history.ts";
import { type Reply, readReply } from "./resp.ts";

export interface ClientWorld {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly randomness: Randomness;
  readonly history: History;
  readonly sentinels: readonly SimSentinel[];
  readonly group: string;
  readonly nodes: readonly SimNode[];
  readonly registers: readonly string[];
  readonly counters: readonly string[];
  /** Share of the values set that expire, and after how long at the most. */
  readonly ttlShare: number;
  readonly ttlMsMax: Millis;
  /** Told of each answer when the node gives it, before the client hears of it. */
  readonly onAnswer: (node: SimNode, operation: Operation, reply: Reply) => void;
  /** Reads go to a random node, and may be stale there. */
  readonly readsReplicas: boolean;
}

const SENTINEL_ANSWER_MS: Millis = 700;
const CONNECT_MS: Millis = 500;
const ANSWER_MS_MAX: Millis = 1800;
/** Before it tries again; doubled each time that it comes to nothing, as stock clients do. */
const PAUSE_MS_MIN: Millis = 10;
const PAUSE_MS_MAX: Millis = 160;
const THINK_MS_MAX: Millis = 60;

/** What one reply is for; `null` for commands whose reply says nothing of data. */
type Expected = { readonly operation: Operation | null };

export class SimClient {
  readonly process: SimProcess;
  readonly #world: ClientWorld;
  #connection: Connection<ClientPayload> | null = null;
  /** Whom it is connected to, or was last. */
  #node = "";
  #text = "";
  #expected: Expected[] = [];
  /** The same on the node's side of the present connection, where replies leave before they arrive. */
  #asked: Expected[] = [];
  /** Goes on with the replies of the batch under way. */
  #onReplies: ((replies: readonly Reply[]) => void) | null = null;
  #replies: Reply[] = [];
  /** Raised with each step, so that timers of earlier ones are void. */
  #step = 0;
  #values = 0;
  #stopped = false;
  #pauseMs: Millis = PAUSE_MS_MIN;
  /** Only reads, from any node. */
  readonly isReader: boolean;
  /** Writes acknowledged, for the liveness check. */
  writesDone = 0;
  readsDone = 0;

  constructor(process: SimProcess, world: ClientWorld) {
    this.process = process;
    this.#world = world;
    this.isReader = world.readsReplicas;
  }

  start(): void {
    this.process.begin();
    this.#findMaster();
  }

  /** Asks nothing new. */
  stop(): void {
    this.#stopped = true;
  }

  // ---- finding a node --------------------------------------------------------------------------

  #findMaster(): void {
    const { sentinels, nodes, randomness, readsReplicas } = this.#world;
    if (this.#stopped) return;
    if (readsReplicas) {
      this.#connect(nodes[randomness.below(nodes.length)] as SimNode);
      return;
    }
    const sentinel = sentinels[randomness.below(sentinels.length)] as SimSentinel;
    const step = ++this.#step;
    this.#after(SENTINEL_ANSWER_MS, step, () => this.#findMaster());
    this.#world.network.dial<{ readonly master: string | null }>(this.process, sentinel.process, {
      timeoutMs: SENTINEL_ANSWER_MS,
      accept: (connection) => {
        sentinel.askMaster(this.#world.group, (master) => connection.send({ master }));
        return { message: () => {}, down: () => {} };
      },
      connected: (connection) => ({
        message: ({ master }) => {
          connection.close();
          if (this.#step !== step) return;
          const node = nodes.find((one) => one.id === master);
          if (node === undefined) this.#retryLater();
          else this.#connect(node);
        },
        down: () => {
          if (this.#step === step) this.#retryLater();
        },
      }),
      failed: () => {
        if (this.#step === step) this.#retryLater();
      },
    });
  }

  #connect(node: SimNode): void {
    const step = ++this.#step;
    this.#world.network.dial<ClientPayload>(this.process, node.process, {
      timeoutMs: CONNECT_MS,
      accept: (connection) => node.accept(this.#overhear(node, connection)),
      connected: (connection) => {
        if (this.#step !== step) {
          connection.close();
          return { message: () => {}, down: () => {} };
        }
        this.#connection = connection;
        this.#node = node.id;
        this.#text = "";
        // A sentinel's answer may be old by now: as Redis advises, the node itself is asked for its role first.
        if (this.isReader) this.#think();
        else
          this.#batch([[["ROLE"], null]], ([role]) =>
            saysMaster(role) ? this.#think() : this.#disconnect(),
          );
        return {
          message: (payload) => {
            if (this.#connection === connection && "replies" in payload) this.#onText(payload.replies);
          },
          down: () => {
            if (this.#connection === connection) this.#disconnect();
          },
        };
      },
      failed: () => {
        if (this.#step === step) this.#retryLater();
      },
    });
  }

  /** Hears the replies as the node sends them: what holds then must not wait for the network. */
  #overhear(node: SimNode, connection: Connection<ClientPayload>): Connection<ClientPayload> {
    const asked: Expected[] = [];
    this.#asked = asked;
    let text = "";
    return {
      close: () => connection.close(),
      send: (payload) => {
        if ("replies" in payload) {
          text += payload.replies;
          for (let next = readReply(text, 0); next !== null; next = readReply(text, 0)) {
            text = text.slice(next.end);
            const operation = asked.shift()?.operation ?? null;
            if (operation !== null) this.#world.onAnswer(node, operation, next.reply);
          }
        }
        connection.send(payload);
      },
    };
  }

  #retryLater(): void {
    const delayMs = this.#pauseMs * (0.5 + this.#world.randomness.next());
    this.#pauseMs = Math.min(PAUSE_MS_MAX, 2 * this.#pauseMs);
    this.#after(delayMs, ++this.#step, () => this.#findMaster());
  }

  /** What was asked and not answered stays open for ever. */
  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = null;
    for (const { operation } of this.#expected) if (operation !== null) this.#world.history.leave(operation);
    this.#expected = [];
    this.#onReplies = null;
    this.#replies = [];
    connection?.close();
    this.#retryLater();
  }

  // ---- asking ----------------------------------------------------------------------------------

  #think(): void {
    this.#after(THINK_MS_MAX * this.#world.randomness.next() ** 2, ++this.#step, () => this.#askSomething());
  }

  #askSomething(): void {
    if (this.#stopped) return;
    const { randomness, readsReplicas } = this.#world;
    const dice = randomness.next();
    if (readsReplicas) {
      this.#batch([this.#anyGet()], () => (randomness.next() < 0.8 ? this.#think() : this.#disconnect()));
    } else if (dice < 0.12) this.#compareAndSet();
    else if (dice < 0.3) {
      const count = 2 + randomness.below(3);
      this.#batch(
        Array.from({ length: count }, () => this.#anyCommand()),
        () => this.#think(),
      );
    } else this.#batch([this.#anyCommand()], () => this.#think());
  }

  #anyCommand(): [argv: string[], operation: Operation] {
    const { randomness, counters } = this.#world;
    const dice = randomness.next();
    if (dice < 0.4) return this.#anyGet();
    if (dice < 0.55 && counters.length > 0) {
      const key = this.#pick(counters);
      return [["INCR", key], this.#ask(key, { kind: "incr" })];
    }
    const key = this.#pick(this.#world.registers);
    const value = this.#newValue();
    const { ttlShare, ttlMsMax } = this.#world;
    if (ttlShare > 0 && randomness.next() < ttlShare) {
      const ttlMs = 1 + randomness.below(ttlMsMax);
      return [["SET", key, value, "PX", String(ttlMs)], this.#ask(key, { kind: "set", value, ttlMs })];
    }
    return [["SET", key, value], this.#ask(key, { kind: "set", value })];
  }

  #anyGet(): [argv: string[], operation: Operation] {
    const key = this.#pick([...this.#world.registers, ...this.#world.counters]);
    return [["GET", key], this.#ask(key, { kind: "get" })];
  }

  #compareAndSet(): void {
    const key = this.#pick(this.#world.registers);
    const read = this.#ask(key, { kind: "get" });
    this.#batch(
      [
        [["WATCH", key], null],
        [["GET", key], read],
      ],
      ([watched, value]) => {
        if (watched?.type !== "simple" || value === undefined || value.type === "error") return this.#think();
        const expected = read.result;
        const next = this.#newValue();
        const swap = this.#ask(key, { kind: "cas", expected, value: next });
        this.#batch(
          [
            [["MULTI"], null],
            [["SET", key, next], null],
            [["EXEC"], swap],
          ],
          () => this.#think(),
        );
      },
    );
  }

  #batch(
    commands: readonly (readonly [argv: string[], operation: Operation | null])[],
    then: (replies: readonly Reply[]) => void,
  ): void {
    this.#expected = commands.map(([, operation]) => ({ operation }));
    this.#asked.push(...this.#expected);
    this.#replies = [];
    this.#onReplies = then;
    this.#connection?.send({ commands: commands.map(([argv]) => argv) });
    this.#after(ANSWER_MS_MAX, ++this.#step, () => this.#disconnect());
  }

  #ask(key: string, action: Action): Operation {
    const { history, queue, readsReplicas } = this.#world;
    return history.ask(
      { client: this.process.id, node: this.#node },
      key,
      action,
      queue.nowMs,
      readsReplicas,
    );
  }

  // ---- hearing ---------------------------------------------------------------------------------

  #onText(text: string): void {
    this.#text += text;
    for (;;) {
      const next = this.#text === "" ? null : readReply(this.#text, 0);
      if (next === null) return;
      this.#text = this.#text.slice(next.end);
      const expected = this.#expected.shift();
      if (expected === undefined) continue;
      if (expected.operation !== null) this.#settle(expected.operation, next.reply);
      this.#replies.push(next.reply);
      if (this.#expected.length > 0 || this.#onReplies === null) continue;
      const then = this.#onReplies;
      const replies = this.#replies;
      this.#onReplies = null;
      if (replies.some(sendsAway)) this.#disconnect();
      else then(replies);
    }
  }

  #settle(operation: Operation, reply: Reply): void {
    const { history, queue } = this.#world;
    if (reply.type === "error") {
      // Executed, and nobody knows whether it stays.
      if (reply.text.startsWith("UNCERTAIN")) history.leave(operation);
      else history.refuse(operation);
      return;
    }
    this.#pauseMs = PAUSE_MS_MIN;
    const isRead = operation.action.kind === "get";
    if (isRead) this.readsDone++;
    else this.writesDone++;
    history.answer(operation, resultOf(operation.action, reply), queue.nowMs);
  }

  #newValue(): string {
    return `${this.process.id}-${++this.#values}`;
  }

  #pick(keys: readonly string[]): string {
    return keys[this.#world.randomness.below(keys.length)] as string;
  }

  #after(delayMs: Millis, step: number, action: () => void): void {
    this.#world.queue.after(delayMs, () => {
      if (this.#step === step) action();
    });
  }
}

function resultOf(action: Action, reply: Reply): string | null {
  switch (reply.type) {
    case "bulk":
    case "simple":
    case "error":
      return reply.text;
    case "integer":
      return String(reply.value);
    case "null":
      return null;
    case "array":
      return action.kind === "cas" ? "ok" : null;
    default:
      return reply satisfies never;
  }
}

/** This node is not the master, or not any more: ask a sentinel again. */
function sendsAway(reply: Reply): boolean {
  return reply.type === "error" && /^(READONLY|MASTERDOWN|LOADING|NOREPLICAS|UNCERTAIN)/.test(reply.text);
}

function saysMaster(role: Reply | undefined): boolean {
  const kind = role?.type === "array" ? role.items[0] : undefined;
  return kind?.type === "bulk" && kind.text === "master";
}
