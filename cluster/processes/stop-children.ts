/** Ends child processes, kindly first. Leaves none behind. */
import type { Child } from "./child.ts";

/** SIGTERM to each; SIGKILL to those that still run after `timeoutMs`. Resolves when all have ended. */
export async function stopChildren(children: readonly Child[], timeoutMs: number): Promise<void> {
  for (const child of children) {
    child.signal("SIGTERM");
    // One that was stopped (SIGSTOP) hears nothing until it is woken.
    child.signal("SIGCONT");
  }
  const timer = setTimeout(() => {
    for (const child of children) child.signal("SIGKILL");
  }, timeoutMs);
  await Promise.all(children.map((child) => child.exited));
  clearTimeout(timer);
}
