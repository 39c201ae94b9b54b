/** What the operator's orders have in common: say it to a sentinel, wait, and show its answer. */

import type { HostPort } from "../flags.ts";
import { orderSentinel, type SentinelFlags } from "../sentinel-client.ts";
import { withSpinner } from "../spinner.ts";
import { paint, printJson, type Terminal } from "../terminal.ts";

/** @throws InterrexError when no sentinel answers, or the one that does refuses. */
export async function operate(
  terminal: Terminal,
  flags: SentinelFlags,
  order: {
    readonly args: readonly string[];
    /** Shown while waiting. */
    readonly doing: string;
    /** What to say when this sentinel has done it; the sentinel's own words when left out. */
    readonly done?: string | ((sentinel: HostPort) => Promise<string>);
  },
): Promise<void> {
  const startedMs = performance.now();
  const { from, value } = await withSpinner(terminal, order.doing, () => orderSentinel(flags, order.args));
  const tookMs = Math.round(performance.now() - startedMs);
  const { done = String(value) } = order;
  const answer = typeof done === "string" ? done : await done(from);
  if (flags.json === true) {
    printJson(terminal, { ok: true, group: flags.group, answer, tookMs });
  } else {
    terminal.out(`${paint(terminal, "green", "✓")} ${answer} (${tookMs} ms)\n`);
  }
}
