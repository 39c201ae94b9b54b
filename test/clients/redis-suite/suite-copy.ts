/**
 * A working copy of the tests of a Redis checkout: runs write into it, and a few lines of its harness are changed so that what a server
 * without FUNCTION or some setting can do is still measured. Refuses a checkout in which it does not find those lines; changes no test.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SuiteCopy extends AsyncDisposable {
  readonly directory: string;
}

interface Change {
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

/** The same for Redis and for interrex. */
const CHANGES: readonly Change[] = [
  // Before each block of tests the harness empties the functions; without them there is nothing to empty.
  { file: "tests/support/server.tcl", from: "r function flush\n", to: "catch {r function flush}\n" },
  // The scripts' tests run once through EVAL and once through FUNCTION and FCALL; the second pass would end at its first test.
  { file: "tests/unit/scripting.tcl", from: "foreach is_eval {0 1} {", to: "foreach is_eval {1} {" },
  // A setting that is refused is reported, and the block runs with the server's own.
  {
    file: "tests/support/server.tcl",
    from: "        r config set $param $val\n\n",
    to: `        if {[catch {r config set $param $val} refusal]} {
            send_data_packet $::test_server_fd refused "$param: $refusal"
        }\n\n`,
  },
  // Which test has begun is said aloud: an exception does not name the test that it ended.
  {
    file: "tests/test_helper.tcl",
    from: '"(IN PROGRESS) $data"\n',
    to: '"(IN PROGRESS) $data"\n        puts "\\[testing\\]: $data"\n',
  },
];

/** @param checkout a directory with Redis's `runtest` and `tests`. */
export async function copySuite(checkout: string): Promise<SuiteCopy> {
  const directory = await mkdtemp(join(tmpdir(), "interrex-redis-suite-"));
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    for (const part of ["runtest", "tests"]) {
      await cp(join(checkout, part), join(directory, part), { recursive: true });
    }
    for (const change of CHANGES) await apply(directory, change);
  } catch (cause) {
    await dispose();
    throw new Error(`Cannot use ${checkout}: ${(cause as Error).message}; give a checkout of redis 7.0`, {
      cause,
    });
  }
  return { directory, [Symbol.asyncDispose]: dispose };
}

async function apply(directory: string, { file, from, to }: Change): Promise<void> {
  const path = join(directory, file);
  const text = await readFile(path, "latin1");
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${file} does not have ${JSON.stringify(from)} once`);
  }
  await writeFile(path, `${before}${to}${after}`, "latin1");
}
