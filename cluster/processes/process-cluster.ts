/**
 * A whole cluster as child processes of this one: all start or none, and none outlives `stop()` or this process.
 * Reports a child that dies and leaves it dead.
 */
import { survivalOf } from "../../sentinel/survival.ts";
import { InterrexError } from "../../src/base/errors.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { awaitMaster } from "./await-master.ts";
import { checkDirectoriesFree } from "./check-directories.ts";
import { checkPortsFree } from "./check-ports.ts";
import { checkSentinelSet } from "./check-sentinel-set.ts";
import { Child, type ChildExit } from "./child.ts";
import { type ClusterPlan, type Layout, type PlannedProcess, planLayout } from "./layout.ts";
import { recordDifferences } from "./record-differences.ts";
import { lockStart } from "./start-lock.ts";
import { stopChildren } from "./stop-children.ts";
import { writeConfig } from "./write-config.ts";

const MASTER_TIMEOUT_MS = 30_000;
/** A child that has not stopped by then is killed. */
const STOP_TIMEOUT_MS = 10_000;

export interface ProcessClusterOptions {
  readonly plan: ClusterPlan;
  /** Path of the `interrex` script that the children run. */
  readonly main: string;
  /** A child has ended without being told to. */
  readonly onDeath: (process: PlannedProcess, pid: number, exit: ChildExit) => void;
  /** Abandons the start: everything is stopped and the signal's reason thrown. */
  readonly signal: AbortSignal;
  /** Kills all children, while the start or a stop is under way too. */
  readonly atOnce: AbortSignal;
}

/** What serves, once it does: as the record has it, which rules over what was planned. */
export interface Started {
  readonly cluster: ProcessCluster;
  readonly master: string;
  readonly replication: ReplicationMode;
  /** What may fail without an outage, in words, such as `3 nodes, W 2: any 1 node; 3 sentinels: any 1 sentinel`. */
  readonly survives: string;
  /** What was planned otherwise, in words. */
  readonly differences: readonly string[];
}

export class ProcessCluster {
  readonly nodes: readonly Child[];
  readonly sentinels: readonly Child[];
  #stopping = false;

  private constructor(
    parts: Pick<ProcessCluster, "nodes" | "sentinels">,
    onDeath: ProcessClusterOptions["onDeath"],
  ) {
    this.nodes = parts.nodes;
    this.sentinels = parts.sentinels;
    for (const child of this.#all()) {
      void child.exited.then((exit) => {
        if (!this.#stopping) onDeath(child.plan, child.pid, exit);
      });
    }
  }

  /**
   * Starts all and waits for a master that acknowledges.
   *
   * @throws InterrexError `PORT_IN_USE`, `BAD_FLAG`, `BAD_DATA_DIR`, `DATA_DIR_IN_USE`, `CHILD_REFUSED`, `NO_MASTER`; nothing is left running.
   */
  static async start(options: ProcessClusterOptions): Promise<Started> {
    const { plan } = options;
    const layout = planLayout(plan);
    const planned = [...layout.nodes, ...layout.sentinels];
    await checkPortsFree(planned);
    await checkDirectoriesFree(planned);
    checkSentinelSet(plan.dataDir, {
      sentinels: layout.sentinels.map(({ id }) => id),
      group: plan.group,
    });
    const unlock = await lockStart(plan.dataDir);
    try {
      return await ProcessCluster.#startLocked(layout, options, unlock);
    } finally {
      unlock();
    }
  }

  /** @param unlock called once all processes hold their directories. */
  static async #startLocked(
    layout: Layout,
    options: ProcessClusterOptions,
    unlock: () => void,
  ): Promise<Started> {
    const { plan, signal } = options;
    const cluster = ProcessCluster.#spawnAll(layout, options);
    options.atOnce.addEventListener("abort", () => {
      for (const child of cluster.#all()) child.signal("SIGKILL");
    });
    try {
      await cluster.#whileAllLive(signal, async (abandoned) => {
        await Promise.all(cluster.#all().map((child) => child.ready));
        abandoned.throwIfAborted();
      });
      unlock();
      const { master, record, quorum } = await cluster.#whileAllLive(signal, (abandoned) =>
        awaitMaster({
          group: plan.group,
          sentinels: layout.sentinels,
          password: plan.password,
          timeoutMs: MASTER_TIMEOUT_MS,
          signal: abandoned,
        }),
      );
      return {
        cluster,
        master,
        replication: record.mode,
        survives: survivalOf({ replication: record, quorum, nodes: record.members }, plan.sentinels),
        differences: recordDifferences(
          plan,
          layout.nodes.map(({ id }) => id),
          record,
        ),
      };
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** SIGTERM to all, nodes after sentinels, so that a stopping master isn't failed over; SIGKILL after 10 s. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await stopChildren(this.sentinels, STOP_TIMEOUT_MS);
    await stopChildren(this.nodes, STOP_TIMEOUT_MS);
  }

  static #spawnAll(layout: Layout, { main, onDeath }: ProcessClusterOptions): ProcessCluster {
    const spawned: Child[] = [];
    const spawn = (plan: PlannedProcess): Child => {
      writeConfig(plan);
      const child = new Child(plan, main);
      spawned.push(child);
      return child;
    };
    try {
      return new ProcessCluster(
        { nodes: layout.nodes.map(spawn), sentinels: layout.sentinels.map(spawn) },
        onDeath,
      );
    } catch (error) {
      for (const child of spawned) child.signal("SIGKILL");
      throw error;
    }
  }

  #all(): Child[] {
    return [...this.nodes, ...this.sentinels];
  }

  /** Runs a step of the start; a child's death or the caller's signal ends it early. */
  async #whileAllLive<Result>(
    signal: AbortSignal,
    step: (abandoned: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const abandon = new AbortController();
    const onAbort = (): void => abandon.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    for (const child of this.#all()) {
      void child.exited.then(({ code, signal: killer }) => {
        const how = killer ?? `exit ${code}`;
        const message = `${child.plan.id} ended during the start (${how}); see ${child.plan.logPath}`;
        abandon.abort(new InterrexError("CHILD_REFUSED", message));
      });
    }
    const abandoned = new Promise<never>((_, reject) => {
      abandon.signal.addEventListener("abort", () => reject(abandon.signal.reason), { once: true });
      if (abandon.signal.aborted) reject(abandon.signal.reason);
    });
    try {
      return await Promise.race([step(abandon.signal), abandoned]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
