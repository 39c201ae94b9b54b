/**
 * A whole cluster inside this process, with hands on it: kill, pause, cut off, heal. Real sockets, real elections;
 * only the faults are simulated. Decides nothing that the members decide themselves.
 */
import { EventEmitter, setMaxListeners } from "node:events";
import type { GroupView } from "../sentinel/core/view.ts";
import type { SentinelProcess } from "../sentinel/sentinel-process.ts";
import { InterrexError, toError } from "../src/base/errors.ts";
import type { DataNode } from "../src/node/data-node.ts";
import type { NodeStatus } from "../src/protocol/peer/node-messages.ts";
import type { GroupRecord } from "../src/rules/group-record.ts";
import { establishedMaster, type MasterAddress, masterOfMajority } from "./agreed-master.ts";
import { afterwards, holdsNow } from "./caller-code.ts";
import {
  type ClientTarget,
  type IoredisSentinelOptions,
  ioredisOptionsFor,
  type NodeRedisSentinelOptions,
  nodeRedisOptionsFor,
} from "./client-options.ts";
import type { ClusterAddress, ClusterEvents, ClusterStatus } from "./cluster-events.ts";
import { checkTimeout } from "./cluster-options.ts";
import type { ClusterParts, MemberPart } from "./cluster-parts.ts";
import { Member, noSuch, type Shell } from "./member.ts";
import { orderSentinel } from "./order-sentinel.ts";
import { checkSides, Partitions } from "./partitions.ts";
import { unfitReplicas } from "./unfit-replicas.ts";
import { until } from "./until.ts";

const WAIT_MS = 10_000;
const SWITCHOVER_WAIT_MS = 30_000;

export class Cluster extends EventEmitter<ClusterEvents> implements AsyncDisposable {
  /** Name of the group that clients ask for. */
  readonly group: string;
  /** The data nodes, as Redis clients reach them. */
  readonly nodes: readonly ClusterAddress[];
  /** The sentinels, as Redis clients reach them. */
  readonly sentinels: readonly ClusterAddress[];
  readonly #nodes: readonly Member<DataNode>[];
  readonly #sentinels: readonly Member<SentinelProcess>[];
  readonly #members: ReadonlyMap<string, Member<DataNode> | Member<SentinelProcess>>;
  readonly #partitions: Partitions = new Partitions();
  readonly #password: string | undefined;
  readonly #release: () => void;
  #changedAtMs = 0;
  #lastMaster: MasterAddress | null = null;
  #stopped: Promise<void> | null = null;
  /** Ends every wait when the cluster stops. */
  readonly #waits: AbortController = new AbortController();

  constructor(parts: ClusterParts) {
    super();
    // A test may wait for any number of things at once.
    setMaxListeners(0, this.#waits.signal);
    this.group = parts.group;
    this.nodes = parts.nodes.map(({ address }) => address);
    this.sentinels = parts.sentinels.map(({ address }) => address);
    this.#nodes = parts.nodes.map((part) => this.#toMember(part));
    this.#sentinels = parts.sentinels.map((part) => this.#toMember(part));
    this.#members = new Map([...this.#nodes, ...this.#sentinels].map((member) => [member.id, member]));
    this.#password = parts.password;
    this.#release = parts.release;
  }

  /**
   * Starts every member, and waits for a master that acknowledges and that every sentinel names.
   *
   * @param check refuses, by throwing, the record that the sentinels go by.
   * @throws InterrexError when a member doesn't start, `TIMEOUT` when there is no master in time; whatever `check` throws.
   */
  async start(timeoutMs: number, check: (record: GroupRecord) => void): Promise<void> {
    // All settled, so that a failed start leaves none behind that is still on its way.
    const starts = await Promise.allSettled([...this.#members.values()].map((member) => member.start()));
    for (const start of starts) {
      if (start.status === "rejected") throw start.reason;
    }
    const look = (): string | undefined => {
      const views = this.#sentinels.map((member) => this.#viewOf(member));
      for (const view of views) if (view?.stored) check(view.stored);
      return establishedMaster(views) ?? undefined;
    };
    await until(look, { timeoutMs, what: () => `a first master: ${this.#obstacles()}` });
    this.#noticeMaster();
  }

  /**
   * The master that a majority of the sentinels names now; waits while there is no such majority.
   *
   * A master that has just died is still named until its successor is: see `waitForMaster`.
   *
   * @throws InterrexError `TIMEOUT` after 10 s, `STOPPED` when the cluster is stopped.
   */
  master(): Promise<MasterAddress> {
    return this.waitForMaster();
  }

  /**
   * Waits until a majority of the sentinels names a master, other than `not` when that is given.
   *
   * @throws InterrexError `TIMEOUT` after `timeoutMs` (10000), with what the sentinels say stands in the way;
   *   `STOPPED` when the cluster is stopped, `NO_SUCH_MEMBER` when `not` is no node's id.
   */
  async waitForMaster(
    wait: { readonly not?: string; readonly timeoutMs?: number } = {},
  ): Promise<MasterAddress> {
    const { not, timeoutMs } = wait;
    if (not !== undefined && !this.#nodes.some(({ id }) => id === not))
      throw noSuch("node", not, this.#nodes);
    return this.#wait(
      () => {
        const master = this.#noticeMaster();
        return master?.id === not ? undefined : master;
      },
      () => `a master${not === undefined ? "" : ` other than ${not}`}: ${this.#obstacles()}`,
      timeoutMs,
    );
  }

  /**
   * Waits until a master acknowledges writes and, as every running sentinel sees it, each other running node follows it and could take its
   * place at once: whatever was killed, restarted, healed or handed over before, the next fault meets a whole cluster.
   *
   * @throws InterrexError `TIMEOUT` after `timeoutMs` (10000), with who is not fit and why; `STOPPED` when the cluster is stopped.
   */
  async waitForReplicas({ timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const unfit = (): string[] =>
      unfitReplicas(
        this.#views(),
        Object.values(this.#nodeStatuses()),
        performance.now() - this.#changedAtMs,
      );
    await this.#wait(
      () => (unfit().length === 0 ? true : undefined),
      () => `replicas that could take over: ${unfit().join("; ")}`,
      timeoutMs,
    );
  }

  /**
   * Kills the present master as `kill -9` would; waits for a successor when it is dead already.
   *
   * @returns who it was.
   * @throws InterrexError `TIMEOUT` after 10 s, `STOPPED` when the cluster is stopped.
   */
  async killMaster(): Promise<MasterAddress> {
    return this.#wait(
      () => {
        const master = this.#noticeMaster();
        if (master === undefined || this.#member(master.id).state === "dead") return undefined;
        // In the same turn, or else of two calls at once both would take the same one for theirs.
        this.kill(master.id);
        return master;
      },
      () => `a living master to kill: ${this.#obstacles()}`,
    );
  }

  /** As `kill -9`: sockets are reset, nothing is flushed; a dead member stays dead. */
  kill(id: string): void {
    this.#member(id).kill();
    this.#tellChange(id);
  }

  /**
   * Brings a dead member back with what a crashed process would have kept; stops a living one cleanly first.
   *
   * It runs when this resolves, and is linked to the others some time later: a `switchover(id)` at once would be refused. `waitForReplicas`
   * waits for that.
   *
   * @throws InterrexError `STOPPED` after `stop()`: nobody would end it again.
   */
  async restart(id: string): Promise<void> {
    const member = this.#member(id);
    if (this.#stopped !== null) {
      throw new InterrexError(
        "STOPPED",
        `Cannot restart ${id}: the cluster has been stopped; start another one`,
      );
    }
    await member.start();
    this.#tellChange(id);
  }

  /** As SIGSTOP: sockets stay open, nothing is read or answered. @throws InterrexError `NOT_RUNNING`. */
  pause(id: string): void {
    this.#member(id).pause();
    this.#tellChange(id);
  }

  /** As SIGCONT. @throws InterrexError `NOT_RUNNING`. */
  resume(id: string): void {
    this.#member(id).resume();
    this.#tellChange(id);
  }

  /**
   * Cuts the sides off from each other, silently as a broken network does: `partition(["n1", "s1"], ["n2", "s2"])`.
   * Adds to earlier cuts. Clients still reach everyone, and a member that no side names reaches both.
   *
   * @throws InterrexError `NO_SUCH_MEMBER`, `BAD_OPTION` for what cuts nobody off: fewer than two sides, an empty one, a member on two.
   */
  partition(...sides: readonly (readonly string[])[]): void {
    checkSides(sides);
    for (const id of sides.flat()) this.#member(id);
    this.#partitions.cut(sides);
    this.#spreadPartitions();
  }

  /** Ends every partition. */
  heal(): void {
    this.#partitions.heal();
    this.#spreadPartitions();
  }

  /**
   * Hands the master's role over, to `to` when that is given.
   *
   * @param timeoutMs for the answer (30000).
   * @returns the new master, once a majority of the sentinels names it.
   * @throws InterrexError `REFUSED` with a sentinel's own words, `TIMEOUT`, `NO_ANSWER` when the sentinel is gone before
   *   it has answered, `NO_SENTINEL` when none runs that names the master, `STOPPED` when the cluster is stopped.
   */
  async switchover(to?: string, timeoutMs: number = SWITCHOVER_WAIT_MS): Promise<MasterAddress> {
    checkTimeout("timeoutMs", timeoutMs);
    const old = await this.master();
    this.#waits.signal.throwIfAborted();
    const order = ["SWITCHOVER", this.group, ...(to === undefined ? [] : ["TO", to])];
    await orderSentinel(this.#sentinelFor(old), order, {
      timeoutMs,
      password: this.#password,
      signal: this.#waits.signal,
    });
    return this.waitForMaster({ not: old.id });
  }

  /** What every living member says of itself and the others, now; asks over no network and waits for nothing. */
  status(): ClusterStatus {
    return {
      master: this.#noticeMaster() ?? null,
      members: [...this.#members.values()].map(({ id, state }) => ({ id, state })),
      nodes: this.#nodeStatuses(),
      views: Object.fromEntries(
        this.#sentinels.flatMap((member) => {
          const view = this.#viewOf(member);
          return view === null ? [] : [[member.id, view]];
        }),
      ),
    };
  }

  /**
   * Waits until `holds` is true of the cluster: `cluster.until((now) => now.nodes.n2?.role === "replica")`.
   *
   * @throws InterrexError `TIMEOUT` after `timeoutMs` (10000), `STOPPED` when the cluster is stopped, `BAD_OPTION` when
   *   `holds` is no function or answers with a promise; whatever `holds` throws.
   */
  async until(holds: (now: ClusterStatus) => boolean, timeoutMs?: number): Promise<ClusterStatus> {
    return this.#wait(
      () => {
        const now = this.status();
        return holdsNow(holds, now) ? now : undefined;
      },
      () => `${holds.toString()}; ${this.#obstacles()}`,
      timeoutMs,
    );
  }

  /** For `new Redis(options)` of ioredis 5 and 6. */
  ioredisOptions(): IoredisSentinelOptions {
    return ioredisOptionsFor(this.#clientTarget());
  }

  /** For `createSentinel(options)` of node-redis 5 and 6. */
  nodeRedisOptions(): NodeRedisSentinelOptions {
    return nodeRedisOptionsFor(this.#clientTarget());
  }

  /** Stops everything, waits included; nothing of the cluster is left in the process. Once is enough, again does no harm. */
  stop(): Promise<void> {
    this.#waits.abort(
      new InterrexError("STOPPED", "The cluster has been stopped: there is nothing to wait for any more"),
    );
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #wait<Found>(
    look: () => Found | undefined,
    what: () => string,
    timeoutMs: number = WAIT_MS,
  ): Promise<Found> {
    checkTimeout("timeoutMs", timeoutMs);
    return until(look, { timeoutMs, what, signal: this.#waits.signal });
  }

  async #stopAll(): Promise<void> {
    const stopEach = (members: readonly Member<Shell>[]): Promise<PromiseSettledResult<void>[]> =>
      Promise.allSettled(members.map((member) => member.stop()));
    // Sentinels first, so that a node that stops isn't failed over. One that can't stop cleanly keeps no other from it.
    const ends = [...(await stopEach(this.#sentinels)), ...(await stopEach(this.#nodes))];
    this.#release();
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #toMember<Running extends Shell>({ address: { id }, start }: MemberPart<Running>): Member<Running> {
    const tellDead = (error: unknown): void => {
      const change = { id, state: "dead", error: error === null ? null : toError(error) } as const;
      afterwards(() => this.emit("memberChanged", change));
    };
    const member = new Member<Running>(
      id,
      (onFailed) =>
        start({
          onFailed,
          onRecord: () => void this.#noticeMaster(),
          onShutdown: () => void member.stop().then(() => tellDead(null), tellDead),
        }),
      tellDead,
    );
    return member;
  }

  #member(id: string): Member<DataNode> | Member<SentinelProcess> {
    const member = this.#members.get(id);
    if (member !== undefined) return member;
    throw noSuch("member", id, [...this.#members.values()]);
  }

  #tellChange(id: string): void {
    this.#changedAtMs = performance.now();
    const change = { id, state: this.#member(id).state, error: null };
    afterwards(() => this.emit("memberChanged", change));
  }

  #spreadPartitions(): void {
    this.#changedAtMs = performance.now();
    for (const member of this.#members.values()) {
      member.setReachable((peer) => this.#partitions.reachable(member.id, peer));
    }
  }

  #viewOf({ shell }: Member<SentinelProcess>): GroupView | null {
    return shell?.view(this.group) ?? null;
  }

  #nodeStatuses(): Record<string, NodeStatus> {
    return Object.fromEntries(
      this.#nodes.flatMap(({ id, shell }) => (shell === null ? [] : [[id, shell.status()]])),
    );
  }

  #views(): GroupView[] {
    return this.#sentinels.flatMap((member) => this.#viewOf(member) ?? []);
  }

  #noticeMaster(): MasterAddress | undefined {
    const master = masterOfMajority(this.#views(), this.sentinels.length);
    const from = this.#lastMaster;
    // A majority that has just lost a member may name an older reign for a moment; reigns don't go back.
    if (master === undefined || master.epoch < (from?.epoch ?? 0)) return undefined;
    this.#lastMaster = master;
    if (master.id !== from?.id) afterwards(() => this.emit("masterChanged", { from, to: master }));
    return master;
  }

  #obstacles(): string {
    const views = this.#views();
    if (views.length === 0) {
      return `no sentinel answers: ${this.#sentinels.map(({ id, state }) => `${id} is ${state}`).join(", ")}`;
    }
    const words = new Set(views.flatMap((view) => view.obstacles));
    return words.size === 0 ? "the sentinels name no obstacle" : [...words].join("; ");
  }

  /** As an operator would, on the side of a cut that can do it: of those that name `master` the one that reaches it, and most others. */
  #sentinelFor(master: MasterAddress): ClusterAddress {
    const running = [...this.#members.values()].filter(({ shell }) => shell !== null);
    const informed = (sentinel: Member<SentinelProcess>): boolean =>
      this.#viewOf(sentinel)?.standing?.number.epoch === master.epoch;
    const reach = ({ id }: Member<SentinelProcess>): number => {
      const reached = running.filter((other) => this.#partitions.reachable(id, other.id)).length;
      return reached + (this.#partitions.reachable(id, master.id) ? this.#members.size : 0);
    };
    const [best] = this.#sentinels.filter(informed).sort((a, b) => reach(b) - reach(a));
    if (best?.shell) return { id: best.id, ...best.shell.address };
    throw new InterrexError("NO_SENTINEL", `No sentinel is running that names ${master.id}`);
  }

  #clientTarget(): ClientTarget {
    return { group: this.group, sentinels: this.sentinels, password: this.#password };
  }
}
