/**
 * What a key can hold. A string is a plain latin1 JS string; every other type is a `Collection` with a file of its own.
 * A new type joins the `Value` union and implements `Collection`: snapshots, digests, COPY and TYPE then work for it.
 */
import { digestOf } from "./digest.ts";
import type { HashValue } from "./hash-value.ts";
import type { ListValue } from "./list-value.ts";
import type { SetValue } from "./set-value.ts";
import type { StreamValue } from "./stream-value.ts";
import type { ZsetValue } from "./zset-value.ts";

export type CollectionType = "hash" | "list" | "set" | "zset" | "stream";

/** What the keyspace itself asks of a type that is not a string. */
export interface Collection {
  readonly type: CollectionType;
  /** Number of elements. A key whose collection becomes empty is deleted by the command that emptied it; not so a stream. */
  readonly size: number;
  /** As OBJECT ENCODING names it. */
  readonly encoding: string;
  /** What it takes in memory, by `memory-model.ts`; kept up as it changes. */
  readonly bytes: number;
  /** Its database's: the part of `bytes` that is in the database's account. */
  accountedBytes: number;
  /** A copy that shares nothing that can change. */
  clone(): Collection;
  /**
   * RESP commands, each of bounded size, that build under `key` what it holds now, whatever changes while they are taken: to
   * begin costs little, whatever the size, and each command what it holds.
   */
  rebuild(key: string): IterableIterator<string>;
  /** A hash of the content that does not depend on any internal order. */
  digest(): Buffer;
}

export type Value = string | HashValue | ListValue | SetValue | ZsetValue | StreamValue;

/** As TYPE and SCAN ... TYPE spell it. */
export type TypeName = "string" | CollectionType;

export function typeName(value: Value): TypeName {
  return typeof value === "string" ? "string" : value.type;
}

/** Hash of what a key holds; its type counts. */
export function valueDigest(value: Value): Buffer {
  const content = typeof value === "string" ? value : value.digest().toString("latin1");
  return digestOf(typeName(value), content);
}

/** COPY: strings are immutable, collections are cloned. */
export function cloneValue(value: Value): Value {
  return typeof value === "string" ? value : value.clone();
}
