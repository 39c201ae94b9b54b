/**
 * One client connection as the commands see it. It holds state only; sockets, queues of replies and the decision to
 * close belong to the node. The member may extend it with what it needs for replies that wait.
 */
import { type Millis, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { RespVersion } from "../protocol/resp/reply.ts";
import type { Command } from "./commands/command.ts";
import type { WatchedKey, Watcher } from "./keyspace/watch.ts";

interface QueuedCommand {
  readonly command: Command;
  readonly argv: readonly string[];
}

/** MULTI is open. */
export interface Transaction {
  readonly queue: QueuedCommand[];
  /** Length of all queued arguments. */
  bytes: number;
  /** Flags of all queued commands, for the checks before EXEC. */
  flags: number;
  /** A command could not be queued: EXEC will abort. */
  failed: boolean;
}

/** CLIENT REPLY. "skipNext" lasts until the command that said SKIP is done, "skip" for the one after it. */
export type ReplyMode = "on" | "off" | "skipNext" | "skip";

export interface SessionOptions {
  readonly id: number;
  /** `ip:port` of the client. */
  readonly address: string;
  /** `ip:port` that it connected to. */
  readonly localAddress: string;
  /** Wall clock. */
  readonly createdAtMs: Millis;
}

export class ClientSession implements Watcher {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly createdAtMs: Millis;
  lastCommandAtMs: Millis;
  /** How long the latest command took; 0 where that is not worth a look at the clock. */
  tookMs: Millis = 0;
  /** Full name of the latest command, for CLIENT LIST. */
  lastCommand = "NULL";
  name = "";
  libraryName = "";
  libraryVersion = "";
  db = 0;
  protocol: RespVersion = 2;
  authenticated = false;
  noEvict = false;
  replyMode: ReplyMode = "on";
  transaction: Transaction | null = null;
  watched: WatchedKey[] = [];
  dirty = false;
  dirtyOffset: Offset = OFFSET_ZERO;
  readonly channels: Set<string> = new Set();
  readonly patterns: Set<string> = new Set();
  /** It waits for replicas or for keys; the member sets it. */
  blocked = false;
  /** Its next command waits for the end of CLIENT PAUSE; the member sets it. */
  postponed = false;
  /** Offset of the latest record that this client wrote, for WAIT; the member sets it. */
  wroteOffset: Offset = OFFSET_ZERO;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.address = options.address;
    this.localAddress = options.localAddress;
    this.createdAtMs = options.createdAtMs;
    this.lastCommandAtMs = options.createdAtMs;
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }
}

/** What CLIENT REPLY leaves of the reply to one command. To be called once for each. */
export function muted(session: ClientSession, reply: string): string {
  if (session.replyMode === "on") return reply;
  if (session.replyMode === "skipNext") session.replyMode = "skip";
  else if (session.replyMode === "skip") session.replyMode = "on";
  return "";
}
