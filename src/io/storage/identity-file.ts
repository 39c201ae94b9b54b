/** What a data directory says of its last life: the input of `rules/incarnation.ts`, kept in a durable cell. */
import { z } from "zod";
import { InterrexError } from "../../base/errors.ts";
import type { IncarnationId } from "../../base/ids.ts";
import type { PreviousLife } from "../../rules/incarnation.ts";
import { type DurableCell, WAY_OUT_OF_DAMAGE } from "./durable-cell.ts";

const FORMAT = 1;

export interface Identity extends PreviousLife {
  /** Id of the member whose it is; `null` where an early version has not said. */
  readonly owner: string | null;
  /** Why the incarnation began, in words, for people who look into the file. */
  readonly because: string;
}

const identitySchema = z.object({
  format: z.literal(FORMAT),
  // The check is on the plain value, the cast only names it.
  incarnation: z.string().min(1) as unknown as z.ZodType<IncarnationId>,
  doubts: z.array(z.string().min(1) as unknown as z.ZodType<IncarnationId>),
  cleanStop: z.boolean(),
  bootId: z.string().nullable(),
  appendfsync: z.enum(["always", "everysec", "no"]),
  voidedBy: z.string().nullable(),
  because: z.string(),
  owner: z.string().min(1).nullable().default(null),
});
const laterSchema = z.object({ format: z.int().min(FORMAT + 1) });

/** @throws InterrexError `CORRUPT_STATE`, or `UNKNOWN_FORMAT` for a directory of a later version. */
export function loadIdentity(cell: DurableCell): Identity | null {
  const bytes = cell.load();
  if (bytes === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw corrupt(cell, cause);
  }
  const parsed = identitySchema.safeParse(value);
  if (parsed.success) {
    const { format: _, ...life } = parsed.data;
    return life;
  }
  const { data: later } = laterSchema.safeParse(value);
  if (later === undefined) throw corrupt(cell, parsed.error);
  throw new InterrexError(
    "UNKNOWN_FORMAT",
    `Cannot use ${cell.path}: its format is ${later.format}, this version knows ${FORMAT}. Start the version that wrote it`,
  );
}

/** Durable on return. Small and rare (a start, a stop, a failure), so it may hold up the loop. */
export function saveIdentity(cell: DurableCell, life: Identity): void {
  cell.saveSync(Buffer.from(JSON.stringify({ format: FORMAT, ...life })));
}

function corrupt(cell: DurableCell, cause: unknown): InterrexError {
  return new InterrexError(
    "CORRUPT_STATE",
    `Cannot load ${cell.path}: it is sound, but does not say what a data directory's identity says. ${WAY_OUT_OF_DAMAGE}`,
    { cause },
  );
}
