/** The commands that rebuild a collection element by element, each of bounded size. What the arguments mean is the collection's business. */
import { encodeCommand } from "../../protocol/resp/command-encoder.ts";

/** Of one command, its name and key aside. */
const ARGUMENTS_MAX = 128;
const BYTES_MAX = 64 * 1024;

/**
 * @param runs the arguments behind name and key, in pieces of any length.
 * @param together so many belong together (a field and its value), and are not torn.
 */
export function* piecesOf(
  name: string,
  key: string,
  runs: Iterable<readonly string[]>,
  together = 1,
): IterableIterator<string> {
  let argv = [name, key];
  let bytes = 0;
  for (const run of runs) {
    for (const argument of run) {
      argv.push(argument);
      bytes += argument.length;
      const count = argv.length - 2;
      if (count % together !== 0 || (count < ARGUMENTS_MAX && bytes < BYTES_MAX)) continue;
      yield encodeCommand(argv);
      argv = [name, key];
      bytes = 0;
    }
  }
  if (argv.length > 2) yield encodeCommand(argv);
}
