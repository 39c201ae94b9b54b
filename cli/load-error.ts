/** Too small a limit of open files, as a line for people. Imports nothing: it is said of a command that could not be loaded. */

/** @returns `undefined` for any other error. */
export function loadErrorText(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === "EMFILE")
    return "interrex: The limit of open files is too low to start; raise it, as by `ulimit -n 1024`\n";
  if (code === "ENFILE")
    return "interrex: The machine has no open files left; close some, or raise fs.file-max\n";
  return undefined;
}
