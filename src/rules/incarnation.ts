/**
 * Whether a member's durable state goes on as the same incarnation after a start, or a new one begins.
 *
 * The question is only whether the directory can have lost something that this incarnation has acknowledged. Says
 * nothing about admission: that is the steward's, and names incarnations.
 */
import type { IncarnationId } from "../base/ids.ts";

/** What the last process to use the directory left written down. */
export interface PreviousLife {
  readonly incarnation: IncarnationId;
  /** What a reboot has put in doubt, newest first: this incarnation is what was left of them. Else empty. */
  readonly doubts: readonly IncarnationId[];
  /** It stopped in good order: everything synced, the marker left. */
  readonly cleanStop: boolean;
  /** The machine's boot id while it ran; `null` where there is none. */
  readonly bootId: string | null;
  readonly appendfsync: "always" | "everysec" | "no";
  /** The write or sync error after which its files could not be trusted; `null` when there was none. */
  readonly voidedBy: string | null;
}

/** A data directory as a start finds it. */
export type FoundDirectory =
  /** Never used, or wiped: the two look the same. */
  | { readonly contents: "nothing" }
  /** `missing`, in words, was there and is gone. */
  | { readonly contents: "incomplete"; readonly missing: string }
  | { readonly contents: "whole"; readonly previous: PreviousLife };

/** What of a data directory is there beside its identity file. */
export interface FoundParts {
  readonly state: boolean;
  readonly log: boolean;
  readonly snapshots: boolean;
}

/** How a life in a data directory ended, as far as it bears on the files. */
export type LastStop = "clean" | "crash" | "powerCut";

export type IncarnationVerdict =
  | {
      readonly decision: "keep";
      readonly incarnation: IncarnationId;
      readonly doubts: readonly IncarnationId[];
    }
  | { readonly decision: "new"; readonly reason: string; readonly doubts: readonly IncarnationId[] };

/** Reboots in a row that are remembered. Who was not admitted in all that time is for an operator to judge. */
const DOUBTS_MAX = 8;

/** True unless both boot ids are known and the same: what can't be told apart from a power cut counts as one. */
export function hasRebooted(bootIdThen: string | null, bootIdNow: string | null): boolean {
  return bootIdThen === null || bootIdNow === null || bootIdThen !== bootIdNow;
}

/** A directory without an identity file and with anything else has lost it. */
export function whatIsFound(previous: PreviousLife | null, parts: FoundParts): FoundDirectory {
  if (previous === null) {
    const nothing = !parts.state && !parts.log && !parts.snapshots;
    return nothing ? { contents: "nothing" } : { contents: "incomplete", missing: "its identity file" };
  }
  if (!parts.state) return { contents: "incomplete", missing: "its state file" };
  if (!parts.log) return { contents: "incomplete", missing: "its log" };
  return { contents: "whole", previous };
}

/** A void life counts as a power cut: what it wrote last can't be trusted either. */
export function lastStopOf(previous: PreviousLife | null, bootIdNow: string | null): LastStop {
  if (previous === null || previous.voidedBy !== null) return "powerCut";
  if (previous.cleanStop) return "clean";
  return hasRebooted(previous.bootId, bootIdNow) ? "powerCut" : "crash";
}

/** Keep only what no stop of this kind can have taken acknowledged records from. */
export function judgeIncarnation(found: FoundDirectory, bootIdNow: string | null): IncarnationVerdict {
  if (found.contents === "nothing") return begin("the data directory is empty");
  if (found.contents === "incomplete") return begin(`the data directory has lost ${found.missing}`);

  const { previous } = found;
  if (previous.voidedBy !== null) return begin(`the storage failed: ${previous.voidedBy}`);
  if (previous.cleanStop || previous.appendfsync === "always") return keep(previous);
  if (!hasRebooted(previous.bootId, bootIdNow)) return keep(previous);
  return {
    decision: "new",
    reason: `the machine has rebooted, or may have, since an unclean stop under appendfsync ${previous.appendfsync}`,
    doubts: [previous.incarnation, ...previous.doubts].slice(0, DOUBTS_MAX),
  };
}

function begin(reason: string): IncarnationVerdict {
  return { decision: "new", reason, doubts: [] };
}

function keep(previous: PreviousLife): IncarnationVerdict {
  return {
    decision: "keep",
    incarnation: previous.incarnation,
    doubts: previous.doubts,
  };
}
