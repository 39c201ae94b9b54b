/** The one error class of interrex, and the check for our own mistakes. */

/**
 * An error with a stable code, made by something outside (a file, a flag, a peer, a client).
 * The message names the action, the value and what to do.
 */
export class InterrexError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InterrexError";
    this.code = code;
  }
}

/**
 * Whether it is an error, of whatever realm. jest runs code in a realm of its own, where what Node's modules throw is no instance of
 * the `Error` that the code sees.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown));
}

/** A broken invariant: our own mistake. It stops the process; nobody catches it to go on. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvariantError";
  }
}

/** Throws when `condition` does not hold. Start `message` with the invariant's number where it has one. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Ends a `switch` over a union: a missing case does not compile, and stops the process if it gets here. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
