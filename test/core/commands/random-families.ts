/** All families of random commands, so that a new one is tried by every test that goes through them. */
import type fc from "fast-check";
import { BITS, COUNTERS, EXPIRY, HASHES, KEYS, LISTS, STRINGS, TRANSACTIONS } from "./random-commands.ts";
import { SETS, SORTS, ZSETS } from "./random-sets.ts";
import { STREAM_GROUPS, STREAMS } from "./random-streams.ts";

export const FAMILIES: Readonly<Record<string, fc.Arbitrary<string[]>>> = {
  strings: STRINGS,
  counters: COUNTERS,
  bits: BITS,
  keys: KEYS,
  expiry: EXPIRY,
  hashes: HASHES,
  lists: LISTS,
  sets: SETS,
  zsets: ZSETS,
  sorts: SORTS,
  streams: STREAMS,
  "stream groups": STREAM_GROUPS,
  transactions: TRANSACTIONS,
};
