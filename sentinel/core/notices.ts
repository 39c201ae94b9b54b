/** Puts what happened into Redis Sentinel's words: who, of which group. Decides nothing. */
import type { MemberId } from "../../src/base/ids.ts";
import { type GroupRecord, isSameAddress, memberOf } from "../../src/rules/group-record.ts";
import type { GroupLedger } from "./ledger.ts";
import type { MemberWatch } from "./member-watch.ts";
import type { SentinelOutbox } from "./outbox.ts";
import type { SentinelPeer } from "./peers.ts";
import type { EventInstance, SentinelNotice } from "./sentinel-event.ts";

type InstanceNotice = Extract<SentinelNotice, { readonly group: string; readonly instance: EventInstance }>;
type InstanceChannel = InstanceNotice["channel"];

export class GroupNotices {
  readonly #group: string;
  readonly #outbox: SentinelOutbox;
  readonly #ledger: GroupLedger;
  readonly #watches: ReadonlyMap<MemberId, MemberWatch>;

  constructor(
    group: string,
    outbox: SentinelOutbox,
    ledger: GroupLedger,
    watches: ReadonlyMap<MemberId, MemberWatch>,
  ) {
    this.#group = group;
    this.#outbox = outbox;
    this.#ledger = ledger;
    this.#watches = watches;
  }

  /** Of a member; silent about one whose address nobody knows yet. */
  member(channel: InstanceChannel, id: MemberId, extra: string | null = null): void {
    const master = this.#masterId();
    const instance = this.#instance(id, id === master);
    if (instance === null) return;
    const its = id === master || master === null ? null : this.#instance(master, true);
    this.#say({ channel, group: this.#group, instance, extra, master: its });
  }

  /** Of the group itself, which Redis Sentinel calls its master. */
  group(channel: InstanceChannel, extra: string | null = null): void {
    const master = this.#masterId();
    if (master !== null) this.member(channel, master, extra);
  }

  sentinel(channel: InstanceChannel, peer: SentinelPeer): void {
    const client = peer.reports.get(this.#group)?.client;
    const address = {
      host: peer.seat.host ?? client?.host ?? "",
      port: peer.seat.port ?? client?.port ?? 0,
    };
    const master = this.#masterId();
    this.#say({
      channel,
      group: this.#group,
      instance: { kind: "sentinel", name: peer.id, address },
      extra: null,
      master: master === null ? null : this.#instance(master, true),
    });
  }

  /** `+switch-master`, then `+slave` for each replica; nothing where the address stays. */
  switched(from: GroupRecord, to: GroupRecord, crashed: boolean): void {
    const before = from.master === null ? undefined : memberOf(from, from.master)?.client;
    const after = to.master === null ? undefined : memberOf(to, to.master)?.client;
    if (before === undefined || after === undefined) return;
    if (isSameAddress(before, after)) return;
    this.#say({ channel: "+switch-master", group: this.#group, from: before, to: after, crashed });
    for (const member of to.members) if (member.id !== to.master) this.member("+slave", member.id);
  }

  #masterId(): MemberId | null {
    return (this.#ledger.standing ?? this.#ledger.stored)?.master ?? null;
  }

  #instance(id: MemberId, isMaster: boolean): EventInstance | null {
    const record = this.#ledger.standing ?? this.#ledger.stored;
    const address =
      (record === null ? undefined : memberOf(record, id)?.client) ?? this.#watches.get(id)?.status?.client;
    if (address === undefined) return null;
    return isMaster ? { kind: "master", name: this.#group, address } : { kind: "slave", name: id, address };
  }

  #say(notice: SentinelNotice): void {
    this.#outbox.notice(notice);
  }
}
