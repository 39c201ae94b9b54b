/**
 * A group of member cores in one thread: virtual time, links that deliver in order, storage that persists when it is
 * told to. Sentinels are played by the test: it gives orders and reads the answers.
 */
import type { Epoch, GroupId, MemberId, SentinelId, StartId } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type {
  NodeMessage,
  NodeToSentinel,
  SentinelToNode,
} from "../../../src/protocol/peer/node-messages.ts";
import type { GroupRecord, Leader, ReplicationMode } from "../../../src/rules/group-record.ts";
import type { ReplicationRules } from "../../../src/rules/replication-rules.ts";
import { type MemberWorld, TestMember } from "./test-member.ts";

export const GROUP_ID = "g-1" as GroupId;
export const LEADER: Leader = { id: "s1" as SentinelId, startId: "s1-start" as StartId };

export interface GroupOptions {
  readonly members?: number;
  readonly mode?: ReplicationMode;
  readonly copies?: number;
  readonly rules?: Partial<ReplicationRules>;
}

interface TestLink {
  readonly from: TestMember;
  /** `null`: a sentinel, played by the test. */
  readonly to: TestMember | null;
  readonly twin: LinkId;
  cut: boolean;
}

export class TestGroup implements MemberWorld {
  readonly options: GroupOptions;
  readonly members: TestMember[];
  now: Instant = { monoMs: 1000, wallMs: 1_700_000_000_000 };
  readonly #links = new Map<LinkId, TestLink>();
  readonly #sentinelLinks = new Map<TestMember, LinkId>();
  #queue: (() => void)[] = [];
  #lastLink = 0;

  constructor(options: GroupOptions = {}) {
    this.options = options;
    this.members = Array.from({ length: options.members ?? 3 }, (_, i) => new TestMember(this, `n${i + 1}`));
    for (const member of this.members) member.step({ type: "start" });
    for (const member of this.members) this.linkSentinel(member);
    for (const dialler of this.members) {
      for (const other of this.members) if (dialler !== other) this.link(dialler, other);
    }
    this.settle();
  }

  get rules(): Partial<ReplicationRules> {
    return this.options.rules ?? {};
  }

  member(id: string): TestMember {
    const found = this.members.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no member ${id}`);
    return found;
  }

  record(epoch: number, master: string | null, seq = 1): GroupRecord {
    return {
      name: "mymaster",
      groupId: GROUP_ID,
      number: { epoch: epoch as Epoch, seq },
      steward: LEADER,
      master: master as MemberId | null,
      members: this.members.map(({ id, disk }) => ({
        id,
        url: `ws://${id}`,
        client: { host: "127.0.0.1", port: Number(id.slice(1)) },
        incarnation: disk.incarnation,
        admitted: true,
        voting: true,
        priority: 100,
        zone: "",
      })),
      mode: this.options.mode ?? "semi-sync",
      copies: this.options.copies ?? 2,
      paused: false,
    };
  }

  /** A sentinel's word to one member; what it answers is in `answers`. */
  order(member: TestMember, message: SentinelToNode): void {
    const link = this.#sentinelLinks.get(member);
    if (link === undefined) throw new Error("no sentinel link");
    member.step({ type: "message", link, message });
    member.flush();
    this.settle();
  }

  seal(member: TestMember, epoch: number, leader: Leader = LEADER): void {
    this.order(member, {
      type: "seal",
      group: "mymaster",
      groupId: GROUP_ID,
      epoch: epoch as Epoch,
      leader,
    });
  }

  /** A message of one member to another, on the link that the receiver dialled. */
  tell(to: TestMember, from: TestMember, message: NodeMessage): void {
    for (const [link, known] of this.#links) {
      if (known.from !== to || known.to !== from || known.cut || link > known.twin) continue;
      to.step({ type: "message", link, message });
      this.settle();
      return;
    }
    throw new Error(`${to.id} has dialled no link to ${from.id}`);
  }

  /** A whole reign by the book: seal all that are named, promote, follow, record. */
  reign(epoch: number, master: string, followers: readonly string[]): TestMember {
    const record = this.record(epoch, master);
    const chosen = this.member(master);
    const replicas = followers.map((id) => this.member(id));
    for (const member of [chosen, ...replicas]) this.seal(member, epoch);
    const { position } = chosen.lastAnswer("sealed").status;
    const order = { group: "mymaster", epoch: epoch as Epoch, leader: LEADER, record };
    this.order(chosen, { type: "promote", position, ...order });
    for (const replica of replicas) this.order(replica, { type: "follow", ...order });
    this.order(chosen, { type: "standing", record });
    this.pass(10);
    return chosen;
  }

  /** Lets time pass, a tick at a time. */
  pass(ms: number, stepMs = 10): void {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(stepMs, left);
      this.now = { monoMs: this.now.monoMs + step, wallMs: this.now.wallMs + step };
      for (const member of this.members)
        if (member.member.deadlineMs() <= this.now.monoMs) member.step({ type: "tick" });
      this.settle();
    }
  }

  /** Delivers everything that is under way, with the flushes that follow. */
  settle(): void {
    for (let rounds = 0; this.#queue.length > 0; rounds++) {
      if (rounds > 20_000) throw new Error("the group does not come to rest");
      for (const action of this.#queue.splice(0)) action();
      // As the shell does: who has nothing to do at the end of a turn is left alone.
      for (const member of this.members) if (member.member.wantsFlush) member.flush();
    }
  }

  later(action: () => void): void {
    this.#queue.push(action);
  }

  send(from: TestMember, link: LinkId, message: NodeMessage): void {
    const known = this.#links.get(link);
    if (known === undefined || known.cut) return;
    const { to, twin } = known;
    if (to === null) {
      from.answers.push(message as NodeToSentinel);
      return;
    }
    this.later(() => {
      if (this.#links.get(link)?.cut === false) to.step({ type: "message", link: twin, message });
    });
  }

  closeLink(link: LinkId): void {
    const known = this.#links.get(link);
    if (known === undefined) return;
    this.#links.delete(link);
    this.#links.delete(known.twin);
    this.later(() => {
      known.from.step({ type: "linkDown", link });
      known.to?.step({ type: "linkDown", link: known.twin });
    });
  }

  link(dialler: TestMember, other: TestMember): void {
    const link = ++this.#lastLink;
    const twin = ++this.#lastLink;
    this.#links.set(link, { from: dialler, to: other, twin, cut: false });
    this.#links.set(twin, { from: other, to: dialler, twin: link, cut: false });
    const peer = (member: TestMember): { kind: "node"; id: string; startId: StartId } => ({
      kind: "node",
      id: member.id,
      startId: `${member.id}-start${member.starts}` as StartId,
    });
    dialler.step({ type: "linkUp", link, peer: peer(other), dialled: true });
    other.step({ type: "linkUp", link: twin, peer: peer(dialler), dialled: false });
  }

  linkSentinel(member: TestMember): void {
    const link = ++this.#lastLink;
    this.#links.set(link, { from: member, to: null, twin: link, cut: false });
    this.#sentinelLinks.set(member, link);
    member.step({ type: "linkUp", link, peer: { kind: "sentinel", ...LEADER }, dialled: false });
  }

  /** Silently drops all that goes between members on both sides, as a partition does. */
  partition(ids: readonly string[]): void {
    for (const link of this.#links.values()) {
      if (link.to !== null && ids.includes(link.from.id) !== ids.includes(link.to.id)) link.cut = true;
    }
  }

  /** Ends cut links and dials them anew, as peers do when a partition heals. */
  heal(): void {
    for (const [id, link] of [...this.#links]) {
      if (!link.cut || link.to === null || !this.#links.has(id)) continue;
      const { from, to } = link;
      this.closeLink(id);
      this.later(() => {
        this.link(from, to);
        this.link(to, from);
      });
    }
    this.settle();
  }

  /** The member's process dies and starts again on the same disk. */
  restart(member: TestMember): void {
    for (const [id, link] of [...this.#links]) {
      if (link.from === member && this.#links.has(id)) this.closeLink(id);
    }
    this.#queue = this.#queue.filter(() => true);
    this.settle();
    member.restart();
    this.linkSentinel(member);
    for (const other of this.members) {
      if (other === member) continue;
      this.link(member, other);
      this.link(other, member);
    }
    this.settle();
  }
}
