/** Every decoder that reads what others wrote: clients, peers, disks, people. */
import type { FuzzTarget } from "./target.ts";
import { nodeConfig, sentinelConfig } from "./targets/config-files.ts";
import { durableCell } from "./targets/durable-cell.ts";
import { effects } from "./targets/effects.ts";
import { flags } from "./targets/flags.ts";
import { handshake } from "./targets/handshake.ts";
import { inlineArguments } from "./targets/inline-arguments.ts";
import { logRecovery } from "./targets/log-recovery.ts";
import { peerBinary } from "./targets/peer-binary.ts";
import { peerControl } from "./targets/peer-control.ts";
import { readyLine } from "./targets/ready-line.ts";
import { records } from "./targets/records.ts";
import { respRequests } from "./targets/resp-requests.ts";
import { identities, memberStates, sentinelStates } from "./targets/saved-states.ts";
import { segmentHeader } from "./targets/segment-header.ts";
import { snapshotFile } from "./targets/snapshot-file.ts";

export const TARGETS: readonly FuzzTarget[] = [
  respRequests,
  inlineArguments,
  peerControl,
  peerBinary,
  handshake,
  records,
  effects,
  segmentHeader,
  logRecovery,
  snapshotFile,
  durableCell,
  memberStates,
  sentinelStates,
  identities,
  nodeConfig,
  sentinelConfig,
  readyLine,
  flags,
];
