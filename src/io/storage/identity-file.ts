/** What a data directory says of its last life: the input of `rules/incarnation.ts`, kept in a durable cell. */
import { InterrexError } from "../../base/errors.ts";
import type { PreviousLife } from "../../rules/incarnation.ts";
import type { DurableCell } from "./durable-cell.ts";

const FORMAT = 1;

export interface Identity extends PreviousLife {
  /** Why the incarnation began, in words, for people who look into the file. */
  readonly because: string;
}

/** @throws InterrexError `CORRUPT_STATE`, or `UNKNOWN_FORMAT` for a directory of a later version. */
export function loadIdentity(cell: DurableCell): Identity | null {
  const bytes = cell.load();
  if (bytes === null) return null;
  const { format, ...life } = JSON.parse(bytes.toString()) as Identity & { readonly format: number };
  if (format !== FORMAT) {
    throw new InterrexError(
      "UNKNOWN_FORMAT",
      `Cannot use ${cell.path}: its format is ${format}, this version knows ${FORMAT}. Start the version that wrote it`,
    );
  }
  return life;
}

/** Durable on return. Small and rare (a start, a stop, a failure), so it may hold up the loop. */
export function saveIdentity(cell: DurableCell, life: Identity): void {
  cell.saveSync(Buffer.from(JSON.stringify({ format: FORMAT, ...life })));
}
