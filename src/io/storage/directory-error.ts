/** What is said when the system refuses the data directory. Knows nothing of what is in it. */
import { InterrexError, isError } from "../../base/errors.ts";

/** How file systems say that they have no hard links: each in its own way. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * The refusal of a system call as one line that names path, reason and way out; any other error as it is.
 *
 * @returns InterrexError `BAD_DATA_DIR`, to be thrown.
 */
export function explainDirectoryError(directory: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const message = `Cannot use the data directory ${directory}: ${error.message}. ${wayOut(error)}`;
  return new InterrexError("BAD_DATA_DIR", message, { cause: error });
}

/** What only a mistake of our own can bring about is none of the directory's. */
const OUR_MISTAKES: ReadonlySet<string> = new Set(["EBADF", "EFAULT"]);

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  if (!isError(error)) return false;
  const { syscall, code = "" } = error as NodeJS.ErrnoException;
  return syscall !== undefined && !OUR_MISTAKES.has(code);
}

function wayOut({ code, syscall }: NodeJS.ErrnoException): string {
  if (syscall === "link" && NO_LINKS.has(code ?? "")) {
    return "A file system without hard links (exFAT, some FUSE and shared folders) can't hold it: choose another one";
  }
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "Let this user write there, or choose another directory";
    case "EROFS":
      return "Mount it for writing, or choose another directory";
    case "EEXIST":
    case "ENOTDIR":
      return "A file stands where a directory must be: choose another directory";
    case "EMFILE":
    case "ENFILE":
      return "Too many files are open: raise the limit (ulimit -n)";
    case "ENOSPC":
    case "EDQUOT":
      return "Free some space, or choose another directory";
    default:
      return "Mend that, or choose another directory";
  }
}
