/**
 * S6, on what the cores do: at each promotion, the admitted members that its leader has heard to be sealed meet every
 * set of W members, and meet every set whose copies ever committed something in an older epoch. A promotion that does
 * not may be a loss, and only a run beyond the promise may have one. Judges who was sealed, not what is chosen.
 */
import type { Epoch, IncarnationId, MemberId } from "../../../src/base/ids.ts";
import type { SealedReply } from "../world/sim-sentinel.ts";
import { demand } from "./violation.ts";

export interface SealBounds {
  readonly voters: ReadonlySet<MemberId>;
  /** W. */
  readonly copies: number;
  readonly isLossless: boolean;
  /** Whether the run may lose more than the configuration survives. */
  readonly mayLose: boolean;
}

export class SealChecks {
  readonly #bounds: SealBounds;
  readonly #wasAdmitted: (incarnation: IncarnationId) => boolean;
  /** By leader process and epoch. */
  readonly #sealed = new Map<string, Map<MemberId, IncarnationId>>();
  /** Sets of members that committed together, by the epochs in which they did. */
  readonly #ackSets = new Map<
    string,
    { readonly members: readonly MemberId[]; readonly firstEpoch: Epoch }
  >();

  constructor(bounds: SealBounds, wasAdmitted: (incarnation: IncarnationId) => boolean) {
    this.#bounds = bounds;
    this.#wasAdmitted = wasAdmitted;
  }

  onHeard(leader: string, { epoch, status }: SealedReply): void {
    const key = `${leader} ${epoch}`;
    let sealed = this.#sealed.get(key);
    if (sealed === undefined) {
      sealed = new Map();
      this.#sealed.set(key, sealed);
    }
    sealed.set(status.id, status.incarnation);
  }

  onCommit(epoch: Epoch, members: readonly MemberId[]): void {
    const key = members.join();
    if (!this.#ackSets.has(key)) this.#ackSets.set(key, { members, firstEpoch: epoch });
  }

  /** @returns whether it may lose something. @throws Violation S6 where the run may not. */
  onPromote(leader: string, epoch: Epoch): boolean {
    const missed = this.#missed(leader, epoch);
    if (missed === null) return false;
    demand(this.#bounds.mayLose, "S6", () => {
      return `${leader} promotes in ${epoch}, and ${missed} can have acknowledged without anyone that it has sealed`;
    });
    return true;
  }

  /** Whether it is true when this leader says that its choice may lose something. */
  mayDeclare(leader: string, epoch: Epoch): boolean {
    const { mayLose, isLossless } = this.#bounds;
    return mayLose && (!isLossless || this.#missed(leader, epoch) !== null);
  }

  /** Members that can have acknowledged, or have, without anyone sealed; `null` when there are none. */
  #missed(leader: string, epoch: Epoch): string | null {
    const { voters, copies, isLossless } = this.#bounds;
    if (!isLossless) return null;
    const sealed = [...(this.#sealed.get(`${leader} ${epoch}`) ?? [])]
      .filter(([id, incarnation]) => voters.has(id) && this.#wasAdmitted(incarnation))
      .map(([id]) => id);
    const missed = [...this.#ackSets.values()].find(
      ({ members, firstEpoch }) => firstEpoch < epoch && !members.some((id) => sealed.includes(id)),
    );
    if (missed !== undefined) return missed.members.join(" and ");
    const others = [...voters].filter((id) => !sealed.includes(id));
    return others.length >= copies ? others.join(" and ") : null;
  }
}
