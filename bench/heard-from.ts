/** Waits for a word of a child process, and no longer than that lives. */
import type { ChildProcess } from "node:child_process";
import { InterrexError } from "../src/base/errors.ts";

/**
 * @param pick what a message means; `undefined` for one to skip.
 * @throws InterrexError CLIENT_ENDED when the process ends first, or has ended already.
 */
export function heardFrom<Meaning>(
  child: ChildProcess,
  pick: (message: unknown) => Meaning | undefined,
): Promise<Meaning> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      const how = child.signalCode ?? `exit ${child.exitCode}`;
      reject(new InterrexError("CLIENT_ENDED", `A client process ended by itself: ${how}`));
    };
    if (child.exitCode !== null || child.signalCode !== null) return ended();
    child.on("message", (message) => {
      const meaning = pick(message);
      if (meaning !== undefined) resolve(meaning);
    });
    // Not `exit`: by then its last message has been read.
    child.once("close", ended);
    child.once("error", reject);
  });
}
