/** What the shell tells the sentinel's core. */
import type { MemberId } from "../../src/base/ids.ts";
import type { LinkId, PeerIdentity, PeerTarget, ProbeOutcome } from "../../src/protocol/peer/identity.ts";
import type { NodeToSentinel } from "../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../src/protocol/peer/sentinel-messages.ts";

export type SentinelInput =
  | { readonly type: "start" }
  | { readonly type: "tick" }
  | {
      readonly type: "linkUp";
      readonly link: LinkId;
      readonly peer: PeerIdentity;
      /** True when this process dialled it. */
      readonly dialled: boolean;
    }
  | { readonly type: "linkDown"; readonly link: LinkId }
  | {
      readonly type: "message";
      readonly link: LinkId;
      readonly message: NodeToSentinel | SentinelMessage;
    }
  | { readonly type: "probed"; readonly target: PeerTarget; readonly outcome: ProbeOutcome }
  /** Every `saveState` up to this version is durable. */
  | { readonly type: "stateSaved"; readonly version: number }
  /** Answered by exactly one `operatorReply` with the same id. */
  | { readonly type: "operator"; readonly id: number; readonly command: OperatorCommand };

export type OperatorCommand =
  /** By handover where the master cooperates, by force where it does not. */
  | { readonly type: "failover"; readonly group: string }
  /** Only by handover; cancelled when the master or the target can't. */
  | { readonly type: "switchover"; readonly group: string; readonly to?: MemberId | undefined }
  | { readonly type: "pause"; readonly group: string }
  | { readonly type: "resume"; readonly group: string }
  /** Data without records: this member's data counts. */
  | { readonly type: "adopt"; readonly group: string; readonly memberId: MemberId }
  /** Too few admitted members left: go on from this one, or from the most up-to-date that answers. */
  | {
      readonly type: "recover";
      readonly group: string;
      readonly acceptLoss: boolean;
      readonly memberId?: MemberId | undefined;
    }
  /** Starts the silence clocks, the back-off and the fast-failover budget afresh. Touches no durable state. */
  | { readonly type: "reset"; readonly group: string };
