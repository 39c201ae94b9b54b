/** When servers have written what their clients' load has left to be written: snapshots, and logs that are rewritten. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoint } from "../cluster/chaos/endpoint.ts";
import { ask } from "../cluster/chaos/look.ts";
import { InterrexError } from "../src/base/errors.ts";
import { infoNumber } from "./info-number.ts";

/** No event tells a client that a server has written a snapshot; asking costs below a millisecond. */
const LOOK_EVERY_MS = 10;
const TIMEOUT_MS = 120_000;

/** @returns what the server is writing, in words; `null` when that is nothing. */
export async function writingNow(server: Endpoint): Promise<string | null> {
  const info = String(await ask(server, undefined, "INFO", "persistence"));
  const writing = ["rdb_bgsave_in_progress", "aof_rewrite_in_progress"].filter(
    (name) => infoNumber(info, name) > 0,
  );
  return writing.length === 0 ? null : `${writing.join(" and ")} for too long`;
}

/**
 * Has each make its log short, and resolves when they have: the next one does so by itself only when it has taken 64 MB more.
 *
 * @throws InterrexError NOT_THERE when one of them takes two minutes.
 */
export async function compacted(servers: readonly Endpoint[]): Promise<void> {
  // Redis would put it off behind a snapshot.
  await settled(servers);
  for (const server of servers) await ask(server, undefined, "BGREWRITEAOF");
  await settled(servers);
}

/** Resolves when none of them writes. @throws InterrexError NOT_THERE when one of them takes two minutes. */
async function settled(servers: readonly Endpoint[]): Promise<void> {
  const untilMs = performance.now() + TIMEOUT_MS;
  for (const server of servers) {
    for (;;) {
      const writing = await writingNow(server);
      if (writing === null) break;
      if (performance.now() >= untilMs) throw new InterrexError("NOT_THERE", `Waited in vain: ${writing}`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}
