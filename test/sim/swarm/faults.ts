/**
 * Carries out planned faults on a running simulation, each for its time, and undoes them all at the end. Takes care
 * that no more state is lost than the configuration promises to survive.
 */
import { unreachable } from "../../../src/base/errors.ts";
import type { Millis } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { Simulation } from "../simulation.ts";
import type { Partition } from "../world/network.ts";
import type { SimNode } from "../world/sim-node.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { SimSentinel } from "../world/sim-sentinel.ts";
import { cutWords } from "./cut-words.ts";
import { faultWords } from "./fault-words.ts";
import { bothWays, oneWay, shuffled, splitting } from "./partitions.ts";
import type { PlannedFault } from "./plan.ts";
import { drawTargets } from "./targets.ts";

export class Faults {
  readonly #simulation: Simulation;
  /** What must be undone when the faults end. */
  readonly #undo = new Set<() => void>();
  #over = false;
  #cuts = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  schedule(faults: readonly PlannedFault[]): void {
    const { queue } = this.#simulation;
    for (const fault of faults) {
      queue.at(fault.atMs, () => {
        if (!this.#over) this.#inflict(fault);
      });
    }
  }

  /** Ends all faults: heals the network, lets everything run and starts what is dead, but for `exceptions`. */
  end(exceptions: ReadonlySet<SimNode | SimSentinel>): void {
    this.#over = true;
    for (const undo of [...this.#undo]) undo();
    const { nodes, sentinels } = this.#simulation;
    for (const sentinel of sentinels) if (sentinel.isOutOfDate) this.#simulation.kill(sentinel);
    for (const one of [...nodes, ...sentinels]) {
      one.effectsToLive = null;
      if (exceptions.has(one)) this.#simulation.kill(one);
      else this.#simulation.startAgain(one);
    }
  }

  #inflict(fault: PlannedFault): void {
    const { nodes, sentinels, trace, plan } = this.#simulation;
    const targets = drawTargets(fault, nodes.length, sentinels.length);
    const { randomness } = targets;
    const node = nodes[targets.node] as SimNode;
    const sentinel = sentinels[targets.sentinel] as SimSentinel;
    const { lastsMs, kind } = fault;
    const group = this.#simulation.groupOf(node);
    trace.note(`fault ${faultWords(fault, plan)}`, { type: "fault", number: fault.number, lastsMs });
    switch (kind) {
      case "killNode":
        return this.#killNode(node, lastsMs);
      case "killMaster":
        return this.#killNode(this.#master(node), lastsMs);
      case "killAllNodes":
        for (const one of group.nodes) this.#killNode(one, lastsMs * randomness.next());
        return;
      case "crashMidway":
        return this.#crashMidway(node, randomness, lastsMs);
      case "crashMasterMidway":
        return this.#crashMidway(this.#master(node), randomness, lastsMs);
      case "pauseNode":
        return this.#pause(node, lastsMs);
      case "pauseMaster":
        return this.#pause(this.#master(node), lastsMs);
      case "rebootNode":
        return this.#reboot(node, lastsMs);
      case "wipeNode":
        return this.#wipeNode(node, lastsMs);
      case "stopCleanly":
        return this.#stopCleanly(node, lastsMs);
      case "killSentinel":
        this.#simulation.kill(sentinel);
        return this.#later(lastsMs, () => this.#simulation.startAgain(sentinel));
      case "crashSentinelMidway":
        if (sentinel.process.alive) sentinel.effectsToLive = 1 + randomness.below(60);
        return this.#later(lastsMs, () => this.#simulation.startAgain(sentinel));
      case "pauseSentinel":
        return this.#pause(sentinel, lastsMs);
      case "wipeSentinel":
        return this.#wipeSentinel(sentinel, lastsMs);
      case "partition":
        return this.#partition(splitting(this.#everyone(), randomness), lastsMs);
      case "isolateMaster":
        return this.#isolate(this.#master(node).process, randomness, lastsMs);
      case "oneWayIn":
        return this.#partition(oneWay(this.#hosts(), node.process, "in"), lastsMs);
      case "oneWayOut":
        return this.#partition(oneWay(this.#hosts(), node.process, "out"), lastsMs);
      case "cutPair": {
        const hosts = this.#hosts();
        const [a, b] = shuffled(hosts, randomness);
        if (a !== undefined && b !== undefined) this.#partition(bothWays([a], [b]), lastsMs);
        return;
      }
      case "bridge":
        return this.#bridge(randomness, lastsMs);
      case "resetLinks":
        for (const host of this.#hosts()) this.#simulation.network.reset(host, node.process);
        return;
      case "hideMaster":
        return this.#hideMaster(node, randomness, lastsMs);
      case "loseMasterTwice":
        return this.#loseMasterTwice(node, randomness, lastsMs);
      case "moveNode":
        return this.#moveNode(node, randomness, lastsMs);
      case "lossyLinks":
        return this.#lossyLinks(randomness, lastsMs);
      case "refuseDials": {
        // A refusal for a live node is false evidence: `crashEvidence: off` is for networks that give such.
        const { process } = randomness.next() < 0.5 && !group.plan.crashEvidence ? node : sentinel;
        if (randomness.next() < 0.5)
          for (const host of this.#hosts()) this.#simulation.network.reset(host, process);
        return this.#refuseDials(process, lastsMs);
      }
      case "rotRecord":
        return this.#rotRecord(node, randomness, lastsMs);
      case "failDisk":
        if (!node.process.alive || !this.#mayLose(node)) return;
        this.#simulation.failDisk(node);
        return this.#later(lastsMs, () => this.#simulation.startAgain(node));
      case "powerCutAll":
        for (const one of group.nodes) {
          this.#simulation.kill(one, "powerCut");
          this.#later(lastsMs * randomness.next(), () => this.#simulation.startAgain(one));
        }
        return;
      case "wipeSentinels":
        for (const one of shuffled(sentinels.slice(1), randomness).slice(
          randomness.below(sentinels.length),
        )) {
          this.#simulation.kill(one);
          this.#simulation.wipe(one);
          this.#later(lastsMs * randomness.next(), () => this.#simulation.startAgain(one));
        }
        return;
      case "slowLinks":
        return this.#slowLinks(randomness, lastsMs);
      case "slowDisk":
        node.speed.slowness = 20 + randomness.below(200);
        return this.#forTime(lastsMs, () => {
          node.speed.slowness = 1;
        });
      case "diskFull":
        node.setDiskFull(true);
        return this.#forTime(lastsMs, () => node.setDiskFull(false));
      case "clockJump":
        node.process.jumpWall((randomness.next() - 0.5) * 20_000);
        sentinel.process.jumpWall((randomness.next() - 0.5) * 20_000);
        return;
      case "snapshot":
        return node.wantSnapshot();
      case "switchover":
        return sentinel.operator({ type: "switchover", group: group.name });
      case "failover":
        return sentinel.operator({ type: "failover", group: group.name });
      default:
        unreachable(kind);
    }
  }

  #killNode(node: SimNode, lastsMs: Millis): void {
    if (!node.process.alive) return;
    if (node.disk.policy === "memory" && !this.#mayLose(node)) return;
    this.#simulation.kill(node);
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  #crashMidway(node: SimNode, randomness: Randomness, lastsMs: Millis): void {
    if (!node.process.alive || node.disk.policy === "memory") return;
    node.effectsToLive = 1 + randomness.below(60);
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  #pause(one: SimNode | SimSentinel, lastsMs: Millis): void {
    if (!one.process.running) return;
    this.#simulation.pause(one);
    const { life } = one.process;
    this.#forTime(lastsMs, () => {
      if (one.process.life === life) this.#simulation.resume(one);
    });
  }

  #reboot(node: SimNode, lastsMs: Millis): void {
    if (!node.process.alive) return;
    if (node.disk.policy !== "always" && !this.#mayLose(node)) return;
    this.#simulation.kill(node, "powerCut");
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  #wipeNode(node: SimNode, lastsMs: Millis): void {
    if (!this.#mayLose(node)) return;
    this.#simulation.kill(node);
    this.#simulation.wipe(node);
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  #stopCleanly(node: SimNode, lastsMs: Millis): void {
    if (!node.process.running) return;
    if (node.disk.policy === "memory" && !this.#mayLose(node)) return;
    this.#simulation.kill(node, "stopped");
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  /**
   * One at a time: a blank sentinel needs the word of all others. Never one of two: with the record on one sentinel
   * only, nobody can say any more whether it stood, and an operator has to (docs/proof.md).
   */
  #wipeSentinel(sentinel: SimSentinel, lastsMs: Millis): void {
    const { sentinels, plan } = this.#simulation;
    // Until the last one lost has the group's record again, it is lost still.
    const othersKnow = this.#simulation.groups.every(({ name }) =>
      sentinels.every((one) => one === sentinel || one.disk?.groups[name]?.record != null),
    );
    // With every memory gone, of the sentinels and of the nodes, it would be another cluster.
    if (plan.kind === "beyond" && sentinel === sentinels[0]) return;
    if (plan.kind !== "beyond" && (sentinels.length <= 2 || !othersKnow)) return;
    this.#simulation.kill(sentinel);
    this.#simulation.wipe(sentinel);
    this.#later(lastsMs, () => this.#simulation.startAgain(sentinel));
  }

  #isolate(process: SimProcess, randomness: Randomness, lastsMs: Millis): void {
    // Some clients, and perhaps a sentinel, are cut off with it.
    const inside = this.#everyone().filter((one) => one === process || randomness.next() < 0.25);
    const outside = this.#everyone().filter((one) => !inside.includes(one));
    this.#partition(bothWays(inside, outside), lastsMs);
  }

  /** From the sentinels, or from all of them but one: its replicas and clients still see it. */
  #hideMaster(otherwise: SimNode, randomness: Randomness, lastsMs: Millis): void {
    const sentinels = this.#simulation.sentinels.map((one) => one.process);
    const hidden = randomness.next() < 0.7 ? sentinels : shuffled(sentinels, randomness).slice(1);
    this.#partition(bothWays([this.#master(otherwise).process], hidden), lastsMs);
  }

  /** Cut off with its clients, whose writes it can't commit; its successor dies as soon as it reigns, and it comes back. */
  #loseMasterTwice(otherwise: SimNode, randomness: Randomness, lastsMs: Millis): void {
    const first = this.#master(otherwise);
    const { clients } = this.#simulation;
    const { plan } = this.#simulation.groupOf(otherwise);
    const inside = [first.process, ...clients.map((client) => client.process)];
    const partition = bothWays(
      inside,
      this.#hosts().filter((host) => host !== first.process),
    );
    this.#partition(partition, plan.downAfterMs * (1 + randomness.next()));
    this.#later(plan.downAfterMs * (1.02 + randomness.next()), () => {
      const second = this.#master(first);
      if (second !== first) this.#killNode(second, lastsMs);
    });
  }

  /** Two sides that see each other only through one in the middle. */
  #bridge(randomness: Randomness, lastsMs: Millis): void {
    const hosts = shuffled(this.#hosts(), randomness);
    const half = Math.floor((hosts.length - 1) / 2);
    this.#partition(bothWays(hosts.slice(1, 1 + half), hosts.slice(1 + half)), lastsMs);
  }

  #slowLinks(randomness: Randomness, lastsMs: Millis): void {
    const { network } = this.#simulation;
    const hosts = this.#hosts();
    const byMs = 5 + randomness.below(400);
    for (const from of hosts) {
      for (const to of hosts) {
        if (from === to || randomness.next() < 0.6) continue;
        network.slowDown(from, to, byMs);
        this.#forTime(lastsMs, () => network.slowDown(from, to, 0));
      }
    }
  }

  /** Found at once where the process ends with it, or whenever the record is read. */
  #rotRecord(node: SimNode, randomness: Randomness, lastsMs: Millis): void {
    if (!this.#mayLose(node)) return;
    node.disk.rot(randomness);
    const dice = randomness.next();
    if (dice < 0.4) this.#simulation.kill(node);
    else if (dice < 0.7) this.#simulation.kill(node, "powerCut");
    this.#later(lastsMs, () => this.#simulation.startAgain(node));
  }

  /** Each packet may be lost and sent again, in bad luck more than once. */
  #lossyLinks(randomness: Randomness, lastsMs: Millis): void {
    const { network } = this.#simulation;
    const share = 0.02 + 0.2 * randomness.next();
    for (const from of this.#everyone()) {
      for (const to of this.#everyone()) {
        if (from === to || randomness.next() < 0.5) continue;
        network.lose(from, to, share);
        this.#forTime(lastsMs, () => network.lose(from, to, 0));
      }
    }
  }

  #refuseDials(process: SimProcess, lastsMs: Millis): void {
    const { network } = this.#simulation;
    network.refuse(process, true);
    this.#forTime(lastsMs, () => network.refuse(process, false));
  }

  /**
   * The node, or an empty successor under its id, comes back at another address: a new one, or that of a dead fellow,
   * which moves too. Then the sentinels are started again one after the other, as an operator does to make them read
   * their edited files.
   */
  #moveNode(node: SimNode, randomness: Randomness, lastsMs: Millis): void {
    const { queue, sentinels } = this.#simulation;
    const isLost = randomness.next() < 0.3;
    if ((isLost || node.disk.policy === "memory") && !this.#mayLose(node)) return;
    this.#simulation.kill(node);
    if (isLost) this.#simulation.wipe(node);
    const fellow = this.#simulation.groupOf(node).nodes.find((one) => !one.process.alive && one !== node);
    const left = node.url;
    const isExchange = fellow !== undefined && randomness.next() < 0.5;
    if (isExchange) {
      this.#simulation.move(node, fellow.url);
      this.#simulation.move(fellow, left);
    } else this.#simulation.move(node, `${left}x`);
    this.#later(lastsMs * randomness.next(), () => this.#simulation.startAgain(node));
    for (const [at, sentinel] of shuffled(sentinels, randomness).entries()) {
      queue.after(lastsMs * randomness.next() + 150 * (at + 1), () => {
        if (this.#over || !sentinel.isOutOfDate) return;
        this.#simulation.kill(sentinel);
        this.#simulation.startAgain(sentinel);
      });
    }
  }

  #partition(partition: Partition, lastsMs: Millis): void {
    const { network, trace } = this.#simulation;
    const number = ++this.#cuts;
    const pairs = partition.map(([from, to]) => [from.id, to.id] as const);
    network.cut(partition);
    trace.note(`cut ${number}: ${cutWords(pairs)}`, { type: "cut", number, pairs });
    this.#forTime(lastsMs, () => {
      network.heal(partition);
      trace.note(`cut ${number} is healed`, { type: "healed", number });
    });
  }

  #master(otherwise: SimNode): SimNode {
    return this.#simulation.groupOf(otherwise).master() ?? otherwise;
  }

  #mayLose(node: SimNode): boolean {
    return this.#simulation.plan.kind === "beyond" || this.#simulation.groupOf(node).mayLose(node);
  }

  #hosts(): SimProcess[] {
    const { nodes, sentinels } = this.#simulation;
    return [...nodes, ...sentinels].map((one) => one.process);
  }

  #everyone(): SimProcess[] {
    return [...this.#hosts(), ...this.#simulation.clients.map((client) => client.process)];
  }

  /** Until then, or until all faults end. */
  #forTime(lastsMs: Millis, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo();
    };
    this.#undo.add(once);
    this.#simulation.queue.after(lastsMs, once);
  }

  /** At that time, unless the faults have ended before. */
  #later(lastsMs: Millis, action: () => void): void {
    this.#simulation.queue.after(lastsMs, () => {
      if (!this.#over) action();
    });
  }
}
