/** What CONFIG SET changes in the core of a running node. It knows no parameter's name or spelling. */
import type { Randomness } from "../base/randomness.ts";
import type { Dispatcher } from "../core/commands/dispatcher.ts";
import type { Keyspace } from "../core/keyspace/keyspace.ts";
import type { Member } from "../core/member.ts";
import type { Steered } from "./node-parameters.ts";

/** Parts that are made later than what steers them. */
export interface SteeredParts {
  dispatcher(): Dispatcher;
  member(): Member;
  /** For choosing what to evict. */
  random(): Randomness;
}

export function coreSteering(keyspace: Keyspace, parts: SteeredParts): Omit<Steered, "masterAddress"> {
  return {
    notifyEvents: (flags) => {
      keyspace.notifyFlags = flags;
    },
    streamNodes: (limits) => {
      keyspace.streamNodes = { ...keyspace.streamNodes, ...limits };
    },
    memory: (settings) => keyspace.limitMemory(settings, parts.random()),
    slowerThanUs: (limit) => {
      parts.dispatcher().slowlog.thresholdUs = limit;
    },
    slowlogEntriesMax: (count) => {
      parts.dispatcher().slowlog.entriesMax = count;
    },
    backlogBytes: (bytes) => {
      parts.member().log.tail.bytesMax = bytes;
    },
    snapshotRules: (rules) => {
      parts.member().snapshotRules = rules;
    },
    idleTimeoutSec: (seconds) => {
      parts.member().desk.idle.timeoutMs = seconds * 1000;
    },
  };
}
