/**
 * What commands may ask of the node that runs them. The node implements it; commands never reach around it.
 * All texts are without the leading "-" and the line end.
 */
import type { Millis, Offset } from "../../base/ids.ts";
import type { Randomness } from "../../base/randomness.ts";
import type { PauseKind } from "../client-pause.ts";
import type { ClientSession } from "../session.ts";
import type { Argv, Command } from "./command.ts";

interface ReplicaDescription {
  readonly host: string;
  readonly port: number;
  readonly state: "wait_bgsave" | "send_bulk" | "online";
  readonly offset: Offset;
  readonly lagSec: number;
}

/** For INFO replication, ROLE and WAIT. */
export type ReplicationDescription = (
  | { readonly role: "master"; readonly replicas: readonly ReplicaDescription[] }
  | {
      readonly role: "replica";
      readonly masterHost: string;
      readonly masterPort: number;
      /** As ROLE says it; INFO's `master_link_status` is `up` exactly when it is "connected". */
      readonly link: "connect" | "connecting" | "handshake" | "sync" | "connected";
      readonly secondsSinceMasterSpoke: number;
      readonly priority: number;
    }
) & {
  /** 40 hex digits; Redis's replication id, ours stands for group and epoch. */
  readonly replicationId: string;
  readonly offset: Offset;
  /** Further lines for INFO replication, such as mode and epoch. */
  readonly extra: InfoLines;
};

export type InfoLines = readonly (readonly [name: string, value: string | number])[];

export type HostInfoSection = "server" | "memory" | "persistence" | "stats" | "cpu";

/** CONFIG's parameters. */
export interface Parameters {
  names(): Iterable<string>;
  get(name: string): string | undefined;
  /** All of them or none. @returns why not: which parameter, and the reason. */
  set(changes: ReadonlyMap<string, string>): { readonly name: string; readonly reason: string } | undefined;
}

/** For CLIENT LIST. */
export interface ClientBuffers {
  readonly queryBytes: number;
  readonly queryFreeBytes: number;
  /** Replies that the client has not taken yet, and those that wait for what they saw. */
  readonly outputBytes: number;
}

/** Bytes that clients have sent and been sent. */
export interface Traffic {
  readonly receivedBytes: number;
  readonly writtenBytes: number;
}

export interface CommandHost {
  readonly random: Randomness;
  readonly parameters: Parameters;
  /** Whether clients must authenticate. */
  readonly passwordRequired: boolean;
  /** The version that clients may expect of this server, for HELLO and INFO. */
  readonly redisVersion: string;

  /**
   * The gate, asked before a command runs and before it is queued.
   *
   * @param flags the command's flags; for EXEC those of all queued commands too.
   * @returns a text of errors.ts such as `READONLY`, or `undefined` to let it pass.
   */
  refuse(command: Command, session: ClientSession, argv: Argv, flags: number): string | undefined;

  /** The clock that batches begin with (`Instant.monoMs`), read now: what a command took. It decides nothing else. */
  stopwatchMs(): Millis;
  authenticate(user: string, password: string): boolean;
  describeReplication(): ReplicationDescription;
  info(section: HostInfoSection): InfoLines;
  clientsMax(): number;
  /** Of all clients since the node was started. */
  traffic(): Traffic;
  /** CONFIG RESETSTAT. */
  resetStatistics(): void;
  /** Replicas that have received all that this session wrote, for WAIT inside MULTI. */
  replicasThatHold(offset: Offset): number;
  /** CLIENT KILL of another connection; for its own, a client gets `execution.close`. */
  closeSession(session: ClientSession): void;
  /** CLIENT PAUSE and UNPAUSE. */
  pauseClients(kind: PauseKind, durationMs: Millis): void;
  unpauseClients(): void;
  /** What waits in a connection's buffers; `undefined` when it is gone. */
  buffersOf(session: ClientSession): ClientBuffers | undefined;
  /** CLIENT UNBLOCK. @returns whether that client was blocked. */
  unblock(session: ClientSession, how: "timeout" | "error"): boolean;
  /** redis.log of a script. @param level 0 (debug) to 3 (warning). */
  logScript(level: number, message: string): void;
  /** DEBUG SLEEP. */
  stall(durationMs: Millis): void;
  /** SAVE and BGSAVE: take a snapshot as soon as possible. */
  snapshot(): void;
  /** Unix seconds of the latest snapshot. */
  lastSnapshotSec(): number;
  /** SHUTDOWN. */
  shutdown(): void;
}
