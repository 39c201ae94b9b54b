/** Turns changes of opinion into notices, each once: down and up, of members, of the master by quorum, of sentinels. */
import type { MemberId, Millis } from "../../src/base/ids.ts";
import type { GroupContext } from "./group-context.ts";

export class Announcements {
  readonly #context: GroupContext;
  readonly #downMembers = new Set<MemberId>();
  readonly #downSentinels = new Set<string>();
  /** Members told to follow by this leader, until they do. */
  readonly #following = new Set<MemberId>();
  /** The master that a quorum holds down. */
  #odownMaster: MemberId | null = null;

  constructor(context: GroupContext) {
    this.#context = context;
  }

  get odown(): boolean {
    return this.#odownMaster !== null;
  }

  /** How many sentinels hold the recorded master down, this one included. */
  agreed(nowMs: Millis): number {
    const { ledger, peers, config, watches } = this.#context;
    const master = ledger.stored?.master ?? null;
    if (master === null) return 0;
    const own = (watches.get(master)?.down ?? null) === null ? 0 : 1;
    const others = peers.all.filter((peer) => {
      const report = peer.report(config.name, nowMs);
      return report !== null && report.master === master && report.finds.includes("down");
    });
    return own + others.length;
  }

  settle(nowMs: Millis): void {
    this.#members();
    this.#master(nowMs);
    this.#sentinels(nowMs);
  }

  /** A member has promised this leader to follow; it is done once records can flow. */
  followTaken(id: MemberId): void {
    if (this.#following.has(id)) return;
    this.#following.add(id);
    this.#context.notices.member("+slave-reconf-inprog", id);
  }

  #members(): void {
    const { watches, notices, outbox, config } = this.#context;
    for (const watch of watches.values()) {
      const isDown = watch.down !== null;
      if (isDown !== this.#downMembers.has(watch.id)) {
        if (isDown) this.#downMembers.add(watch.id);
        else this.#downMembers.delete(watch.id);
        notices.member(isDown ? "+sdown" : "-sdown", watch.id);
        outbox.log(
          isDown ? "warn" : "info",
          isDown ? "+sdown" : "-sdown",
          { group: config.name, member: watch.id, cause: watch.down?.cause ?? null },
          isDown ? "a member is held down" : "a member is up again",
        );
      }
      if (this.#following.has(watch.id) && watch.current?.following?.linkUp === true) {
        this.#following.delete(watch.id);
        notices.member("+slave-reconf-done", watch.id);
      }
    }
  }

  /** The agreement counts only with this sentinel's own opinion, as in Redis Sentinel. */
  #master(nowMs: Millis): void {
    const { ledger, watches, notices, outbox, config } = this.#context;
    const master = ledger.stored?.master ?? null;
    const own = master !== null && (watches.get(master)?.down ?? null) !== null;
    const before = this.#odownMaster;
    if (!own && before === null) return;
    const agreed = this.agreed(nowMs);
    const down = own && agreed >= config.quorum ? master : null;
    if (down === before) return;
    this.#odownMaster = down;
    // One that has been replaced since is no matter for the quorum any more.
    const id = down ?? (before === master ? before : null);
    if (id === null) return;
    notices.member(
      down === null ? "-odown" : "+odown",
      id,
      down === null ? null : `#quorum ${agreed}/${config.quorum}`,
    );
    outbox.log(
      down === null ? "info" : "warn",
      down === null ? "-odown" : "+odown",
      { group: config.name, member: id, agreed, quorum: config.quorum },
      down === null ? "the master is not objectively down any more" : "the master is objectively down",
    );
  }

  #sentinels(nowMs: Millis): void {
    const { peers, notices, config } = this.#context;
    for (const peer of peers.all) {
      if (peer.lastHeardMs === null) continue;
      const isDown = nowMs - peer.lastHeardMs >= config.downAfterMs;
      if (isDown === this.#downSentinels.has(peer.id)) continue;
      if (isDown) this.#downSentinels.add(peer.id);
      else this.#downSentinels.delete(peer.id);
      notices.sentinel(isDown ? "+sdown" : "-sdown", peer);
    }
  }
}
