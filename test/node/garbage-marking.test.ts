import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const BUILT = new URL("../../dist/src/node/garbage-marking.js", import.meta.url).href;
/** Keeps some 100 MB, in many turns of the event loop, so that V8 has to mark meanwhile. */
const FILL = `
  const kept = [];
  let turns = 120;
  const turn = () => {
    for (let at = 0; at < 5000; at += 1) kept.push({ at, pair: [at, at + 1], text: "text " + at });
    turns -= 1;
    if (turns > 0) setImmediate(turn);
  };
  turn();`;

/** V8 guesses by itself when to mark for the first time, and at times lets all of `FILL` pass. */
const MARK_EARLY = "--initial-old-space-size=16";

/** What V8 says of its marking while a process of its own runs `script`. */
async function tracedMarking(script: string): Promise<string> {
  const args = ["--trace-incremental-marking", MARK_EARLY, "--input-type=module", "--eval", script];
  return (await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })).stdout;
}

/** Later ones give it a millisecond at most, and take no such order any more once they run. */
const GIVES_SHARES_BY_TIME = Number.parseInt(process.versions.v8, 10) < 12;

describe.runIf(GIVES_SHARES_BY_TIME)("marking aside", () => {
  it("takes no share of the serving thread for each turn of the event loop", async () => {
    const marked = await tracedMarking(
      `import { markGarbageAside } from ${JSON.stringify(BUILT)}; markGarbageAside(); ${FILL}`,
    );
    expect(marked).toContain("Start marking");
    expect(marked).toContain("based on allocation");
    expect(marked).not.toContain("Step in task");
  });

  it("is not what V8 does by itself", async () => {
    expect(await tracedMarking(FILL)).toContain("Step in task");
  });
});
