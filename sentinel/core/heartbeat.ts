/** Pings the members. A ping that names a pong of the recorded master grants it a lease, which is noted down. */
import type { Millis } from "../../src/base/ids.ts";
import type { GroupContext } from "./group-context.ts";
import type { MemberWatch } from "./member-watch.ts";

/** @param confirmPong the answer is to be named at once, so that a new reign has its lease in two round trips. */
export function ping(context: GroupContext, watch: MemberWatch, confirmPong: boolean, nowMs: Millis): void {
  if (watch.link === null) return;
  const { config, ledger, rules, leases } = context;
  const mayLease = ledger.stored?.master === watch.id && ledger.mayLease;
  const leaseEpoch = mayLease ? rules.leaseEpoch(ledger.votedEpoch, ledger.storedEpoch, ledger.blank) : null;
  if (leaseEpoch !== null && watch.sawPong > 0) {
    leases.note(watch.process, rules.leaseMayStandUntilMs(watch.sawPongAtMs, config.downAfterMs));
  }
  context.outbox.send(watch.link, {
    type: "ping",
    group: config.name,
    seq: watch.takePing(nowMs, confirmPong),
    sawPong: watch.sawPong,
    leaseEpoch,
    downAfterMs: config.downAfterMs,
    stallAfterMs: config.stallAfterMs,
    sentinels: context.sentinels,
  });
}

export function pingWhoIsDue(context: GroupContext, nowMs: Millis): void {
  for (const watch of context.watches.values()) {
    if (watch.pingIsDue(nowMs)) ping(context, watch, false, nowMs);
  }
}

/** To the recorded master, at once: it needs its lease. */
export function pingMaster(context: GroupContext, nowMs: Millis): void {
  const master = context.ledger.stored?.master ?? null;
  const watch = master === null ? undefined : context.watches.get(master);
  if (watch !== undefined) ping(context, watch, true, nowMs);
}
