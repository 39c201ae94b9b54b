/**
 * S6, on what the cores do: at each promotion, the admitted members that its leader has heard to be sealed meet every
 * set of W members, and meet every set whose copies ever committed something in an older epoch. A promotion that does
 * not is a loss, and must be declared as one before its record is published. Judges who was sealed, not what is chosen.
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
  readonly #lossy = new Set<Epoch>();
  readonly #declared = new Set<Epoch>();

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

  onPromote(leader: string, epoch: Epoch): void {
    const { voters, copies, isLossless, mayLose } = this.#bounds;
    if (!isLossless) return;
    const sealed = [...(this.#sealed.get(`${leader} ${epoch}`) ?? [])].filter(
      ([id, incarnation]) => voters.has(id) && this.#wasAdmitted(incarnation),
    );
    const ids = new Set(sealed.map(([id]) => id));
    const missesSome = voters.size - ids.size >= copies;
    const missed = [...this.#ackSets.values()].find(
      ({ members, firstEpoch }) => firstEpoch < epoch && !members.some((id) => ids.has(id)),
    );
    if (!missesSome && missed === undefined) return;
    demand(mayLose, "S6", () => {
      const whom = missed === undefined ? `some ${copies}` : missed.members.join(" and ");
      return `${leader} promotes in ${epoch} with ${[...ids].join(" ")} sealed; ${whom} can have acknowledged without them`;
    });
    this.#lossy.add(epoch);
  }

  /** A sentinel has said that acknowledged writes may be missing from this epoch on. */
  onDeclared(epoch: Epoch): void {
    this.#declared.add(epoch);
  }

  /** Whether a declared loss may be true. */
  mayHaveLost(epoch: Epoch): boolean {
    const { isLossless, mayLose } = this.#bounds;
    return this.isLossy(epoch) || (mayLose && !isLossless);
  }

  isLossy(epoch: Epoch): boolean {
    return this.#lossy.has(epoch);
  }

  onPublished(sentinel: string, epoch: Epoch): void {
    demand(!this.#lossy.has(epoch) || this.#declared.has(epoch), "S2", () => {
      return `${sentinel} publishes epoch ${epoch}, which may have lost writes, and nobody has said so`;
    });
  }
}
