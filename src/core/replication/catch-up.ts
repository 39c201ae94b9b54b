/**
 * Watches incarnations on their way to admission: a new one is caught up when it holds all that the master's log
 * held when the master first saw it; from that first sight the old incarnation counts for nothing.
 */
import type { IncarnationId, MemberId, Offset } from "../../base/ids.ts";
import { type GroupRecord, memberOf } from "../../rules/group-record.ts";
import type { ReplicationRules } from "../../rules/replication-rules.ts";

interface Sight {
  readonly incarnation: IncarnationId;
  /** What the log held at first sight. */
  readonly mustReach: Offset;
  received: Offset;
}

export class CatchUp {
  readonly #rules: ReplicationRules;
  readonly #sights = new Map<MemberId, Sight>();

  constructor(rules: ReplicationRules) {
    this.#rules = rules;
  }

  onSight(record: GroupRecord, id: MemberId, incarnation: IncarnationId, logEnd: Offset): void {
    const known = this.#sights.get(id);
    if (known?.incarnation === incarnation) return;
    const admitted = this.#rules.countsInAcks(record, id, incarnation);
    this.#sights.set(id, {
      incarnation,
      mustReach: admitted ? (0 as Offset) : logEnd,
      received: 0 as Offset,
    });
  }

  onAck(id: MemberId, incarnation: IncarnationId, received: Offset): void {
    const sight = this.#sights.get(id);
    if (sight?.incarnation === incarnation && received > sight.received) sight.received = received;
  }

  /** True when this very incarnation has acknowledged more in this reign than it now shows: it lost data. */
  showsLessThanAcked(id: MemberId, incarnation: IncarnationId, lastOffset: Offset): boolean {
    const sight = this.#sights.get(id);
    return sight?.incarnation === incarnation && lastOffset < sight.received;
  }

  waiting(record: GroupRecord): { id: MemberId; incarnation: IncarnationId }[] {
    return [...this.#sights]
      .filter(([id, sight]) => waits(record, id, sight))
      .map(([id, { incarnation }]) => ({ id, incarnation }));
  }

  waitingCount(record: GroupRecord): number {
    let count = 0;
    for (const [id, sight] of this.#sights) if (waits(record, id, sight)) count++;
    return count;
  }
}

function waits(record: GroupRecord, id: MemberId, { incarnation, mustReach, received }: Sight): boolean {
  const member = memberOf(record, id);
  if (member === undefined || received < mustReach) return false;
  return !(member.admitted && member.incarnation === incarnation);
}
