/** What a client command comes to, and what it may look at. Types only, and the shortest ways to make one. */
import type { Millis } from "../../src/base/ids.ts";
import { error } from "../../src/protocol/resp/reply.ts";
import type { RefusalCode } from "../core/outbox.ts";
import type { OperatorCommand } from "../core/sentinel-input.ts";
import type { GroupView } from "../core/view.ts";
import type { ClientSession } from "./client-session.ts";
import type { SentinelFacts } from "./sentinel-facts.ts";

export interface OperatorOutcome {
  readonly ok: boolean;
  readonly text: string;
  /** Of a refusal; `ERR` where there is none. */
  readonly code: RefusalCode | null;
}

export type Answer =
  | {
      readonly kind: "reply";
      /** RESP, latin1; may be several replies (SUBSCRIBE a b) or none. */
      readonly text: string;
      /** Pub/sub confirmations and CLIENT REPLY ON go out whatever CLIENT REPLY says. */
      readonly always?: boolean;
      readonly close?: boolean;
    }
  /** The core decides; the client waits for its outcome, a bounded time. */
  | {
      readonly kind: "operator";
      readonly group: string;
      readonly command: OperatorCommand;
      encode(outcome: OperatorOutcome): string;
    }
  /** For the core to know; the client is answered at once. */
  | { readonly kind: "inform"; readonly commands: readonly OperatorCommand[]; readonly text: string }
  /** The process is to stop in order; this connection ends without a reply. */
  | { readonly kind: "shutdown" }
  /** Closes other connections, or this one after the reply. */
  | { readonly kind: "killClients"; readonly ids: ReadonlySet<number>; readonly text: string };

/** Everything that answers are made of. The caller binds the time: views are of this moment. */
export interface SentinelWorld {
  readonly facts: SentinelFacts;
  /** All configured groups, in the order of the configuration. */
  groups(): readonly string[];
  view(group: string): GroupView | undefined;
  /** Whether answers that tell its master are to be held now; cheaper than a view. */
  isHolding(group: string): boolean;
  usage(): ProcessUsage;
}

/** What the process has come to so far. */
export interface ProcessUsage {
  readonly connectionsReceived: number;
  readonly connectionsRejected: number;
  readonly receivedBytes: number;
  readonly writtenBytes: number;
  readonly cpuUserMicros: number;
  readonly cpuSystemMicros: number;
}

export interface ClientBuffers {
  readonly queryBytes: number;
  readonly queryFreeBytes: number;
  readonly outputBytes: number;
}

/** Since the start, of all clients. */
export interface CommandCounts {
  run: number;
  /** Refusals before a command ran are among them. */
  errorReplies: number;
}

export interface CommandContext {
  readonly argv: readonly string[];
  readonly session: ClientSession;
  readonly sessions: ReadonlyMap<number, ClientSession>;
  readonly counts: CommandCounts;
  /** What is kept of its commands and of its replies now. */
  buffersOf(session: ClientSession): ClientBuffers;
  readonly world: SentinelWorld;
  readonly nowMs: Millis;
}

export function reply(text: string): Answer {
  return { kind: "reply", text };
}

export function fail(text: string): Answer {
  return { kind: "reply", text: error(text) };
}
