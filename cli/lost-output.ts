/** What becomes of a process when what it says can't be written: nobody needs it any more, or a disk is full. */

/**
 * A reader that has heard enough (`interrex status | head -1`) is no error, nor is a terminal that is gone: what was started must still be
 * ended. An answer that is lost for another reason is one; what is only said beside it, on standard error, never ends anything.
 *
 * @param onLost called once for each answer that was lost so.
 */
export function outliveLostOutput(onLost: (error: Error) => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") onLost(error);
  });
  process.stderr.on("error", () => {});
}

/** For a program that does one thing: without its answer it was for nothing. */
export function failOnLostOutput(): void {
  outliveLostOutput((error) => {
    throw error;
  });
}
