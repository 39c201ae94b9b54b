/** The member core's inputs and effects. The shell feeds the one and carries out the other, in order. */
import type { IncarnationId, Millis, Offset } from "../base/ids.ts";
import type { LinkId, PeerIdentity, PeerTarget } from "../protocol/peer/identity.ts";
import type { NodeMessage } from "../protocol/peer/node-messages.ts";
import type { EpochHistory } from "../rules/epoch-history.ts";
import type { LogPosition } from "../rules/log-position.ts";
import type { Client } from "./client.ts";

export type MemberInput =
  | { readonly type: "start" }
  | { readonly type: "tick" }
  /** The end of a turn: what the turn's commands and messages left is written, sent and answered. */
  | { readonly type: "flush" }
  | { readonly type: "linkUp"; readonly link: LinkId; readonly peer: PeerIdentity; readonly dialled: boolean }
  | { readonly type: "linkDown"; readonly link: LinkId }
  | { readonly type: "message"; readonly link: LinkId; readonly message: NodeMessage }
  /** Records up to here are in the log as `appendfsync` says. */
  | { readonly type: "persisted"; readonly lastOffset: Offset }
  | { readonly type: "stateSaved"; readonly version: number }
  | { readonly type: "disk"; readonly full: boolean }
  | { readonly type: "clientClosed"; readonly client: Client }
  /** Answers `readLog`; `bytes` is null when the records are no longer there. */
  | {
      readonly type: "logRead";
      readonly link: LinkId | null;
      readonly from: Offset;
      readonly bytes: Buffer | null;
    }
  /** A piece of the standing snapshot, to be applied to the emptied keyspace. */
  | { readonly type: "snapshotLoad"; readonly bytes: Buffer }
  | { readonly type: "snapshotLoaded"; readonly position: LogPosition }
  /** Answers `openSnapshot`; `null` when there is none. */
  | {
      readonly type: "snapshotOpened";
      readonly link: LinkId;
      readonly snapshot: { readonly position: LogPosition; readonly history: EpochHistory } | null;
    }
  /** The standing snapshot can't be read to its end: the disk has damaged it. */
  | { readonly type: "snapshotDamaged" }
  /** Answers `readSnapshot`; `null` at its end. */
  | { readonly type: "snapshotRead"; readonly link: LinkId; readonly bytes: Buffer | null }
  /** A piece of a snapshot is written: the next one can be taken. */
  | { readonly type: "snapshotWritten"; readonly kind: SnapshotKind }
  /** The snapshot stands; `kind` as it was begun. `rollback`: what became of the records that `keepAfter` named. */
  | {
      readonly type: "snapshotCommitted";
      readonly kind: SnapshotKind;
      readonly position: LogPosition;
      /** Of all that was written. */
      readonly bytes: number;
      readonly rollback: ReplacedTail | null;
    }
  /** It could not be written (a full disk, say); what stood before still stands. */
  | { readonly type: "snapshotFailed"; readonly kind: SnapshotKind }
  | { readonly type: "incarnationStarted"; readonly incarnation: IncarnationId }
  /** Some of what `retainLog` asked for could not be kept, and nothing is any more. */
  | ({ readonly type: "logDropped" } & DroppedLog);

export interface DroppedLog {
  /** First record that the log still has. */
  readonly firstOffset: Offset;
  /** What was to be kept. */
  readonly bytes: number;
  /** There were more than may be kept for a replica, or the disk is full. */
  readonly why: "limit" | "diskFull";
}

/** Records of a log that a full sync has replaced, which the master does not have. */
export interface ReplacedTail {
  /** Where they are kept; `null` when a full disk had no room for them, or there were none. */
  readonly file: string | null;
  readonly bytes: number;
  /** First record that the log had: those before it were in the replaced snapshot only, which tells no records. */
  readonly firstOffset: Offset;
}

/** `own`: of this keyspace, the log goes on behind it. `received`: a full sync, the log starts afresh after it. */
export type SnapshotKind = "own" | "received";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type MemberEffect =
  | {
      readonly type: "append";
      readonly bytes: Buffer;
      readonly firstOffset: Offset;
      readonly lastOffset: Offset;
    }
  /** Take away all records after `last`, kept in a rollback file. Durable before the next effect. */
  | { readonly type: "cut"; readonly last: LogPosition }
  | { readonly type: "saveState"; readonly version: number; readonly state: Buffer }
  | { readonly type: "send"; readonly link: LinkId; readonly message: NodeMessage }
  | { readonly type: "closeLink"; readonly link: LinkId }
  | { readonly type: "setPeers"; readonly targets: readonly PeerTarget[] }
  /** Write what `client.takeReady()` gives. */
  | { readonly type: "output"; readonly client: Client }
  | { readonly type: "closeClient"; readonly client: Client }
  /** The client is no longer on hold: run what waits in its decoder. */
  | { readonly type: "resumeClient"; readonly client: Client }
  /** Answered by `logRead`; `link` null: for the keyspace, else for the replica on that link. */
  | {
      readonly type: "readLog";
      readonly link: LinkId | null;
      readonly from: Offset;
      readonly bytesMax: number;
    }
  /**
   * Keep the records after `after` on disk, whatever snapshot stands; `null`: keep no more than any snapshot leaves. Where
   * that can't be done any longer, `logDropped` comes.
   */
  | { readonly type: "retainLog"; readonly after: Offset | null }
  /** Answered by `snapshotLoad`s and one `snapshotLoaded`. */
  | { readonly type: "loadSnapshot" }
  | { readonly type: "openSnapshot"; readonly link: LinkId }
  | { readonly type: "readSnapshot"; readonly link: LinkId }
  | { readonly type: "closeSnapshot"; readonly link: LinkId }
  | {
      readonly type: "beginSnapshot";
      readonly kind: SnapshotKind;
      readonly position: LogPosition;
      readonly history: EpochHistory;
    }
  /** Answered by `snapshotWritten`, also where there are no bytes. */
  | { readonly type: "writeSnapshot"; readonly bytes: Buffer }
  /** `keepAfter`: with a full sync, what the old log has after it goes to a rollback file before the log goes. */
  | { readonly type: "commitSnapshot"; readonly keepAfter: LogPosition | null }
  | { readonly type: "abortSnapshot" }
  | { readonly type: "startIncarnation"; readonly reason: string }
  /** DEBUG SLEEP: block the whole process. */
  | { readonly type: "stall"; readonly ms: Millis }
  | { readonly type: "shutdown" }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly text: string;
    };

/** Collects effects in order; the shell takes them after each step. */
export class MemberOutbox {
  #effects: MemberEffect[] = [];
  #spokenOn = new Set<LinkId>();

  push(effect: MemberEffect): void {
    this.#effects.push(effect);
  }

  get isEmpty(): boolean {
    return this.#effects.length === 0;
  }

  take(): MemberEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  send(link: LinkId, message: NodeMessage): void {
    this.#effects.push({ type: "send", link, message });
    if (message.type !== "beat") this.#spokenOn.add(link);
  }

  /** @returns the links on which something else than a beat was sent since this was taken last. */
  takeSpokenOn(): ReadonlySet<LinkId> {
    const spokenOn = this.#spokenOn;
    this.#spokenOn = new Set();
    return spokenOn;
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    this.#effects.push({ type: "log", level, event, fields, text });
  }

  /** Lists a client with text to go out, once a step. */
  output(client: Client): void {
    if (client.listed || client.closed) return;
    client.listed = true;
    this.#effects.push({ type: "output", client });
  }
}
