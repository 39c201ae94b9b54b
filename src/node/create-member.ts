/** Puts a node's member together from its configuration and from what its storage has recovered. Decides nothing. */
import { OFFSET_ZERO, type StartId } from "../base/ids.ts";
import type { Instant } from "../base/instant.ts";
import type { Dispatcher } from "../core/commands/dispatcher.ts";
import type { Keyspace } from "../core/keyspace/keyspace.ts";
import { KeyspaceReplayer } from "../core/keyspace-replayer.ts";
import { Member } from "../core/member.ts";
import type { Recovered } from "../io/storage/member-storage.ts";
import type { NodeConfig } from "./node-config.ts";

export interface MemberSurroundings {
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly startId: StartId;
  /** Where Redis clients are served. */
  readonly port: number;
  readonly logBytes: number;
  readonly now: Instant;
}

export function createMember(
  config: NodeConfig,
  recovered: Recovered,
  { keyspace, dispatcher, startId, port, logBytes, now }: MemberSurroundings,
): Member {
  const { incarnation, doubts, state, position, history, snapshot } = recovered;
  return new Member(
    {
      ...config,
      startId,
      client: { host: config.announceHost, port: config.announcePort ?? port },
      incarnation,
      doubts,
      state,
      position,
      history,
      snapshotOffset: snapshot?.position.offset ?? OFFSET_ZERO,
      snapshotBytes: snapshot?.bytes ?? 0,
      logBytes,
      now,
    },
    { keyspace, dispatcher, replayer: new KeyspaceReplayer(keyspace, dispatcher) },
  );
}
