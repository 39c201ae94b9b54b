/**
 * How long what commands take, reply and propagate may become: each must fit into one string of V8 (512 MB), and nothing
 * may turn out to be too long when half of a change is done. Commands ask `CommandContext.fits` before they change anything.
 */
const MEBIBYTE = 1024 * 1024;

export interface TextBounds {
  /**
   * Of the arguments of one command, of one transaction, or of all writes of one script: their effects and replies need
   * room for the protocol around them as well.
   */
  readonly argumentBytesMax: number;
  /** Of one reply, or of all replies of one EXEC. */
  readonly replyBytesMax: number;
  /** Of what one command, transaction or script propagates that its commands' arguments do not tell: what SPOP has chosen, what SORT stores. */
  readonly foundBytesMax: number;
  /** Of all that one of them propagates: what shares its record takes no more than 4 KB. */
  readonly effectsBytesMax: number;
}

export const TEXT_BOUNDS: TextBounds = {
  argumentBytesMax: 256 * MEBIBYTE,
  replyBytesMax: 512 * MEBIBYTE - 4096,
  foundBytesMax: 128 * MEBIBYTE,
  effectsBytesMax: 512 * MEBIBYTE - 64 * 1024,
};

/** A write may propagate its arguments twice: itself, and before it the DELs of keys that had expired. */
const PROPAGATED_TIMES = 2;

/** How long the effects of a command may be that finds nothing. */
export function effectsBytes(argv: readonly string[]): number {
  return PROPAGATED_TIMES * argumentBytes(argv);
}

/** Around an argument when it is encoded: many empty ones make a long text too. */
const AROUND_ARGUMENT_BYTES = 8;

export function argumentBytes(argv: readonly string[]): number {
  let bytes = argv.length * AROUND_ARGUMENT_BYTES;
  for (let at = 0; at < argv.length; at += 1) bytes += (argv[at] as string).length;
  return bytes;
}
