/**
 * A consumer group of a stream: how far it has read, its consumers, and which entries are delivered to whom but not yet
 * acknowledged. It does not know whether these entries are still in the stream, nor what the time is.
 */
import type { Millis } from "../../base/ids.ts";
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";
import type { ExactInteger } from "./exact-integer.ts";
import { type IdAndValue, IdMap } from "./id-map.ts";
import { CONSUMER_BYTES, DELIVERY_BYTES, GROUP_BYTES } from "./memory-model.ts";
import { formatId, type StreamId } from "./stream-id.ts";

/** Nobody can say how many entries the group has read. */
export const READS_UNKNOWN = -1;

/** IDs in one of the XCLAIMs that rebuild a consumer. */
const PIECE_IDS_MAX = 64;

/** A delivered entry, in the lists of its group and of its consumer. */
export interface Delivery {
  readonly consumer: Consumer;
  readonly atMs: Millis;
  readonly count: ExactInteger;
}

export class Consumer {
  readonly name: string;
  /** When it last read or claimed something. */
  seenMs: Millis;
  readonly pending: IdMap<Delivery> = new IdMap();

  constructor(name: string, seenMs: Millis) {
    this.name = name;
    this.seenMs = seenMs;
  }
}

export class StreamGroup {
  readonly name: string;
  /** The last entry that was delivered to any consumer. */
  lastId: StreamId;
  entriesRead: ExactInteger;
  readonly pending: IdMap<Delivery> = new IdMap();
  readonly #consumers = new Map<string, Consumer>();

  constructor(name: string, lastId: StreamId, entriesRead: ExactInteger) {
    this.name = name;
    this.lastId = lastId;
    this.entriesRead = entriesRead;
  }

  get consumerCount(): number {
    return this.#consumers.size;
  }

  /** What it takes in memory, by `memory-model.ts`. */
  get bytes(): number {
    return GROUP_BYTES + this.#consumers.size * CONSUMER_BYTES + this.pending.size * DELIVERY_BYTES;
  }

  consumer(name: string): Consumer | undefined {
    return this.#consumers.get(name);
  }

  /** In order of their names. */
  consumers(): Consumer[] {
    return inOrder(this.#consumers);
  }

  /** A consumer that is not here yet. */
  addConsumer(name: string, seenMs: Millis): Consumer {
    const consumer = new Consumer(name, seenMs);
    this.#consumers.set(name, consumer);
    return consumer;
  }

  /** Its deliveries go with it. */
  removeConsumer(consumer: Consumer): void {
    for (const { id } of consumer.pending.from()) this.pending.delete(id);
    this.#consumers.delete(consumer.name);
  }

  /** The entry is the consumer's now, whoever had it. */
  deliver(id: StreamId, consumer: Consumer, atMs: Millis, count: ExactInteger): void {
    const known = this.pending.get(id);
    const delivery = { consumer, atMs, count };
    this.pending.set(id, delivery);
    if (known !== undefined && known.consumer !== consumer) known.consumer.pending.delete(id);
    consumer.pending.set(id, delivery);
  }

  /** @returns whether the entry was delivered to anybody. */
  acknowledge(id: StreamId): boolean {
    const known = this.pending.get(id);
    if (known === undefined) return false;
    this.pending.delete(id);
    known.consumer.pending.delete(id);
    return true;
  }

  clone(): StreamGroup {
    const copy = new StreamGroup(this.name, this.lastId, this.entriesRead);
    for (const { name, seenMs } of this.#consumers.values()) copy.addConsumer(name, seenMs);
    for (const { id, value } of this.pending.from()) {
      const consumer = copy.consumer(value.consumer.name);
      if (consumer !== undefined) copy.deliver(id, consumer, value.atMs, value.count);
    }
    return copy;
  }

  /** Commands that make it as it is now, on a stream that is there already. */
  rebuild(key: string): IterableIterator<string> {
    const read = ["ENTRIESREAD", String(this.entriesRead)];
    const create = encodeCommand(["XGROUP", "CREATE", key, this.name, formatId(this.lastId), ...read]);
    const consumers = this.consumers().map(({ name, seenMs, pending }) => ({
      ...{ name, seenMs },
      pending: pending.frozenEntries(),
    }));
    return piecesOf(key, this.name, create, consumers);
  }

  /** All that there is to know, in an order that depends on nothing else. */
  *parts(): IterableIterator<string> {
    yield* [this.name, formatId(this.lastId), String(this.entriesRead), String(this.pending.size)];
    for (const { id, value } of this.pending.from()) {
      yield* [formatId(id), value.consumer.name, String(value.atMs), String(value.count)];
    }
    for (const { name, seenMs } of this.consumers()) yield* [name, String(seenMs)];
  }
}

/** A consumer as it was at one moment. */
interface FrozenConsumer extends Pick<Consumer, "name" | "seenMs"> {
  readonly pending: IterableIterator<IdAndValue<Delivery>>;
}

function* piecesOf(
  key: string,
  group: string,
  create: string,
  consumers: readonly FrozenConsumer[],
): IterableIterator<string> {
  yield create;
  for (const consumer of consumers) {
    let batch = new ClaimBatch();
    for (const { id, value } of consumer.pending) {
      if (!batch.takes(value)) {
        yield batch.encode(key, group, consumer.name);
        batch = new ClaimBatch();
      }
      batch.add(id, value);
    }
    if (!batch.isEmpty) yield batch.encode(key, group, consumer.name);
    yield encodeSeen(key, group, consumer);
  }
}

/** Deliveries of one consumer at one time and with one count. */
export class ClaimBatch {
  readonly #ids: string[] = [];
  #like: Delivery | undefined;

  get isEmpty(): boolean {
    return this.#like === undefined;
  }

  /** `undefined` without any. */
  get atMs(): Millis | undefined {
    return this.#like?.atMs;
  }

  takes({ atMs, count }: Delivery): boolean {
    if (this.#like === undefined) return true;
    return this.#like.atMs === atMs && this.#like.count === count && this.#ids.length < PIECE_IDS_MAX;
  }

  add(id: StreamId, delivery: Delivery): void {
    this.#like ??= delivery;
    this.#ids.push(formatId(id));
  }

  /** Replayed, it makes these deliveries and the consumer, which was seen at that time then. */
  encode(key: string, group: string, consumer: string): string {
    const time = ["TIME", String(this.#like?.atMs ?? 0)];
    const count = ["RETRYCOUNT", String(this.#like?.count ?? 0)];
    return encodeCommand([
      "XCLAIM",
      key,
      group,
      consumer,
      "0",
      ...this.#ids,
      ...time,
      ...count,
      "FORCE",
      "JUSTID",
    ]);
  }
}

/** Replayed, it makes the consumer, seen when it was. */
export function encodeSeen(
  key: string,
  group: string,
  { name, seenMs }: Pick<Consumer, "name" | "seenMs">,
): string {
  return encodeCommand(["XCLAIM", key, group, name, "0", "TIME", String(seenMs), "JUSTID"]);
}

/** By name, in order of bytes. */
export function inOrder<Named>(byName: ReadonlyMap<string, Named>): Named[] {
  return [...byName.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, named]) => named);
}
