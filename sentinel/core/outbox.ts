/** What the sentinel's core asks the shell to do, in order. Does nothing itself. */
import type { LinkId, PeerTarget } from "../../src/protocol/peer/identity.ts";
import type { SentinelToNode } from "../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../src/protocol/peer/sentinel-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import type { SentinelNotice } from "./sentinel-event.ts";
import type { SentinelState } from "./sentinel-state.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Redis's: a failover is under way already; nobody can be promoted. */
export type RefusalCode = "INPROG" | "NOGOODSLAVE";

export type SentinelEffect =
  | { readonly type: "send"; readonly link: LinkId; readonly message: SentinelToNode | SentinelMessage }
  | { readonly type: "closeLink"; readonly link: LinkId }
  /** Keep one dialled link to each of these, and to no other. */
  | { readonly type: "setPeers"; readonly targets: readonly PeerTarget[] }
  /** One connect attempt now; its outcome comes back as `probed`. */
  | { readonly type: "probe"; readonly target: PeerTarget }
  /** Make it durable, in the order of the versions, then say `stateSaved`. */
  | { readonly type: "saveState"; readonly version: number; readonly state: SentinelState }
  | { readonly type: "notice"; readonly notice: SentinelNotice }
  | {
      readonly type: "operatorReply";
      readonly id: number;
      readonly ok: boolean;
      readonly text: string;
      /** Of a refusal; none where Redis has no code for its reason. */
      readonly code: RefusalCode | null;
    }
  /** The record that clients are answered from is another one now; also when the master is the same. */
  | { readonly type: "masterChanged"; readonly group: string; readonly record: GroupRecord }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly text: string;
    };

export class SentinelOutbox {
  #effects: SentinelEffect[] = [];

  /** All effects since the last take, oldest first. */
  take(): SentinelEffect[] {
    const taken = this.#effects;
    this.#effects = [];
    return taken;
  }

  push(effect: SentinelEffect): void {
    this.#effects.push(effect);
  }

  send(link: LinkId, message: SentinelToNode | SentinelMessage): void {
    this.#effects.push({ type: "send", link, message });
  }

  notice(notice: SentinelNotice): void {
    this.#effects.push({ type: "notice", notice });
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    this.#effects.push({ type: "log", level, event, fields, text });
  }
}
