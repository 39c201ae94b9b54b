/** Who is at the other end of a peer link; exchanged and proven before the first message. */
import type { StartId } from "../../base/ids.ts";

export const PEER_PROTOCOL_VERSION = 3;

export interface PeerIdentity {
  readonly kind: "node" | "sentinel";
  /** `MemberId` or `SentinelId`, by kind. */
  readonly id: string;
  /** The process: a peer that answers with another one has restarted. */
  readonly startId: StartId;
}

/** A peer that a link is kept to. */
export interface PeerTarget {
  readonly kind: "node" | "sentinel";
  readonly id: string;
  /** For example `ws://127.0.0.1:16379`. */
  readonly url: string;
}

/** One link, for as long as it lives; never reused within a process. */
export type LinkId = number;

/**
 * What one connect attempt told. `refused` is crash evidence: nothing listens there.
 * `silent`: no answer in time. `reached`: something answered, as `identity` where it said so.
 */
export type ProbeOutcome =
  | { readonly result: "refused" }
  | { readonly result: "silent" }
  | { readonly result: "reached"; readonly identity: PeerIdentity | null };
