/** Reads the current master out of several sentinels' views. Pure: asks no one. */
import type { GroupView } from "../sentinel/core/view.ts";
import { memberOf } from "../src/rules/group-record.ts";
import { majority } from "../src/rules/quorums.ts";

export interface MasterAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Number of its reign. */
  readonly epoch: number;
}

/**
 * The master that a majority of all sentinels names from standing records of one epoch, the newest there is.
 *
 * @param views of those that can be asked.
 * @param sentinels how many there are, asked or not.
 */
export function masterOfMajority(views: readonly GroupView[], sentinels: number): MasterAddress | undefined {
  const standing = views.flatMap((view) => (view.standing === null ? [] : [view.standing]));
  const epoch = Math.max(...standing.map((record) => record.number.epoch));
  const newest = standing.filter((record) => record.number.epoch === epoch && record.master !== null);
  const [record] = newest;
  if (record?.master == null || newest.length < majority(sentinels)) return undefined;
  const member = memberOf(record, record.master);
  return member === undefined ? undefined : { id: member.id, ...member.client, epoch };
}

/**
 * The id of the master that every one of `views` names from a standing record, once it says itself that it
 * acknowledges writes; `null` in a view stands for a sentinel that did not answer.
 */
export function establishedMaster(views: readonly (GroupView | null)[]): string | null {
  const master = views[0]?.standing?.master ?? null;
  if (master === null) return null;
  const named = views.every((view) => view?.standing?.master === master);
  const established = views.some(
    (view) => view?.master?.id === master && view.master.status?.established === true,
  );
  return named && established ? master : null;
}
