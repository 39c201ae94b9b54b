/** What a cluster inside this process tells of itself, as events and on request. Types only. */
import type { GroupView } from "../sentinel/core/view.ts";
import type { NodeStatus } from "../src/protocol/peer/node-messages.ts";
import type { MasterAddress } from "./agreed-master.ts";
import type { MemberState } from "./member.ts";

export interface ClusterEvents {
  /** A majority of the sentinels names another master. */
  masterChanged: [change: { readonly from: MasterAddress | null; readonly to: MasterAddress }];
  /** A member was killed, paused, resumed or restarted, or has stopped by itself: with `error`, unless a client has shut it down. */
  memberChanged: [change: { readonly id: string; readonly state: MemberState; readonly error: Error | null }];
}

export interface ClusterAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export interface ClusterStatus {
  /** Named by a majority of all sentinels; `null` while there is no such majority. */
  readonly master: MasterAddress | null;
  readonly members: readonly { readonly id: string; readonly state: MemberState }[];
  /** By node id; the dead and the paused say nothing. */
  readonly nodes: Readonly<Record<string, NodeStatus>>;
  /** By sentinel id; the dead and the paused say nothing. */
  readonly views: Readonly<Record<string, GroupView>>;
}
