/**
 * A real `interrex up` for process tests: the built command, its children, and hands to signal and restart them.
 * Whatever it started is gone when it is closed; it waits for that.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { ReadyLine, ReadyProcess } from "../../cli/up-report.ts";
import {
  type IoredisSentinelOptions,
  ioredisOptionsFor,
  type NodeRedisSentinelOptions,
  nodeRedisOptionsFor,
} from "../../cluster/client-options.ts";
import type { GroupView } from "../../sentinel/core/view.ts";
import { allGone, type BuiltCommand, freeUpPorts, startBuilt } from "../cli/built-command.ts";
import { type Address, ask, carefulLoad, eventually, type WriteLoad } from "../cluster/redis-clients.ts";
import { obstacleIn } from "./group-view.ts";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Directories, clusters and loads that go when the test ends. Call it once, outside of the tests. */
export function processScene(): ProcessScene {
  const scene = new ProcessScene();
  afterEach(() => scene.clear());
  return scene;
}

class ProcessScene {
  readonly #open: AsyncDisposable[] = [];
  readonly #directories: string[] = [];

  directory(): string {
    const directory = mkdtempSync(join(tmpdir(), "interrex-process-"));
    this.#directories.push(directory);
    return directory;
  }

  /** Three nodes and three sentinels, whole. */
  async up(...flags: string[]): Promise<UpCluster> {
    const cluster = await this.keep(await UpCluster.create(this.directory(), flags)).start();
    await cluster.whole();
    return cluster;
  }

  /** A careful client of the group, once it writes at its ordinary pace. */
  writingTo(cluster: UpCluster): Promise<WriteLoad> {
    return this.writing(carefulLoad(cluster));
  }

  /** The load, once it writes at its ordinary pace: so many writes are acknowledged. */
  async writing(load: WriteLoad | Promise<WriteLoad>, writes = 200): Promise<WriteLoad> {
    const ready = this.keep(await load);
    await ready.more(writes);
    return ready;
  }

  /** Called when the test ends, before what was started earlier is stopped. */
  atEnd(close: () => unknown): void {
    this.keep({
      [Symbol.asyncDispose]: async () => {
        await close();
      },
    });
  }

  keep<Kept extends AsyncDisposable>(resource: Kept): Kept {
    this.#open.push(resource);
    return resource;
  }

  async clear(): Promise<void> {
    for (const resource of this.#open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
    for (const directory of this.#directories.splice(0)) rmSync(directory, { recursive: true });
  }
}

export class UpCluster implements AsyncDisposable {
  readonly dataDir: string;
  readonly #ports: readonly string[];
  readonly #flags: readonly string[];
  readonly #pids = new Map<string, number>();
  readonly #everyPid = new Set<number>();
  readonly #restarted: { readonly id: string; readonly command: BuiltCommand }[] = [];
  #up: BuiltCommand | null = null;
  #ready: ReadyLine | null = null;

  private constructor(dataDir: string, ports: readonly string[], flags: readonly string[]) {
    this.dataDir = dataDir;
    this.#ports = ports;
    this.#flags = flags;
  }

  static async create(dataDir: string, flags: readonly string[]): Promise<UpCluster> {
    return new UpCluster(dataDir, await freeUpPorts(), flags);
  }

  /** Runs `up`; again with the same ports and data after its end. */
  async start(): Promise<this> {
    const args = ["up", "--json", ...this.#ports, "--data-dir", this.dataDir, ...this.#flags];
    this.#up = startBuilt(args, this.dataDir);
    this.#ready = JSON.parse(await this.#up.firstLine) as ReadyLine;
    for (const { id, pid } of [...this.nodes, ...this.sentinels]) this.#remember(id, pid);
    return this;
  }

  get up(): BuiltCommand {
    if (this.#up === null) throw new Error("up has not been started");
    return this.#up;
  }

  get group(): string {
    return this.#readyLine.group;
  }

  get nodes(): readonly ReadyProcess[] {
    return this.#readyLine.nodes;
  }

  get sentinels(): readonly ReadyProcess[] {
    return this.#readyLine.sentinels;
  }

  /** Of all children that live or have lived. */
  get everyPid(): number[] {
    return [...this.#everyPid];
  }

  node(id: string): ReadyProcess {
    const node = this.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) throw new RangeError(`no node ${id}`);
    return node;
  }

  /** What the first sentinel that answers knows. */
  async view(): Promise<GroupView> {
    const answers = await Promise.allSettled(this.sentinels.map((sentinel) => this.#viewOf(sentinel)));
    const answer = answers.find((candidate) => candidate.status === "fulfilled");
    if (answer === undefined) throw new Error("no sentinel answers");
    return answer.value;
  }

  /** The master that all sentinels name, other than `not`. */
  async master(not?: string): Promise<ReadyProcess> {
    let named: (string | null)[] = [];
    const id = await eventually(
      async () => {
        const views = await Promise.all(this.sentinels.map((sentinel) => this.#viewOf(sentinel)));
        named = views.map(({ standing }) => standing?.master ?? null);
        const [first] = named;
        return first != null && first !== not && new Set(named).size === 1 ? first : undefined;
      },
      () => `one master other than ${not ?? "none"}; the sentinels name ${named.join(", ")}`,
    );
    return this.node(id);
  }

  async replicas(): Promise<ReadyProcess[]> {
    const { id } = await this.master();
    return this.nodes.filter((node) => node.id !== id);
  }

  /** Resolves once what the first answering sentinel knows is as told. */
  async until(holds: (view: GroupView) => boolean, what: string): Promise<void> {
    await eventually(
      async () => holds(await this.view()) || undefined,
      () => what,
    );
  }

  /** Resolves once all sentinels find every node up and counting, and each replica follows the master. */
  async whole(): Promise<void> {
    let obstacle = "";
    await eventually(
      async () => {
        for (const sentinel of this.sentinels) {
          obstacle = obstacleIn(await this.#viewOf(sentinel));
          if (obstacle !== "") return undefined;
        }
        return true;
      },
      () => `a whole cluster: ${obstacle}`,
    );
  }

  /** `kill -9` of the master that all sentinels name. @returns who it was. */
  async killMaster(): Promise<ReadyProcess> {
    const master = await this.master();
    this.signal(master.id, "SIGKILL");
    return master;
  }

  /** For `new Redis(options)` of ioredis, and nothing but what it needs. */
  ioredisOptions(): IoredisSentinelOptions {
    return ioredisOptionsFor({ ...this.#readyLine, password: undefined });
  }

  /** For `createSentinel(options)` of node-redis, and nothing but what it needs. */
  nodeRedisOptions(): NodeRedisSentinelOptions {
    return nodeRedisOptionsFor({ ...this.#readyLine, password: undefined });
  }

  signal(id: string, signal: NodeJS.Signals): void {
    const pid = this.#pids.get(id);
    if (pid === undefined) throw new RangeError(`no process ${id}`);
    process.kill(pid, signal);
  }

  /** Starts a dead member again, as its death report in `up` advises. */
  async restart(id: string): Promise<void> {
    const kind = this.nodes.some((node) => node.id === id) ? "node" : "sentinel";
    const config = join(this.dataDir, id, `${kind}.yaml`);
    const command = startBuilt([kind, "--config", config, "--json"], this.dataDir);
    this.#restarted.push({ id, command });
    this.#remember(id, command.pid);
    await command.firstLine;
  }

  /** Ends everything at once, as a power switch would end the processes. */
  async killAll(): Promise<void> {
    for (const pid of [this.up.pid, ...this.#pids.values()]) process.kill(pid, "SIGKILL");
    await this.up.exited;
    await allGone(this.everyPid);
  }

  /** `interrex ...ARGS` of an operator who asks the first sentinel. */
  operator(...args: readonly string[]): Promise<CommandEnd> {
    const [sentinel] = this.sentinels;
    return runBuilt([...args, "--sentinel", `${sentinel?.host}:${sentinel?.port}`]);
  }

  /** The events that a member's present process has logged, oldest first. */
  loggedEvents(id: string): string[] {
    const own = this.#restarted.findLast((restarted) => restarted.id === id)?.command.stderr;
    return (own ?? readFileSync(join(this.dataDir, id, `${id}.log`), "utf8"))
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => String((JSON.parse(line) as { event?: unknown }).event));
  }

  /** What was cut from a member's log and kept. */
  rollbacks(id: string): string[] {
    const directory = join(this.dataDir, id, "rollback");
    return readdirSync(directory).map((file) => readFileSync(join(directory, file), "latin1"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#pids.values()) wake(pid);
    const commands = this.#restarted.map(({ command }) => command);
    if (this.#up !== null) commands.push(this.#up);
    for (const command of commands) command.process.kill("SIGTERM");
    await Promise.all(commands.map((command) => command.exited));
    await allGone(this.everyPid);
  }

  get #readyLine(): ReadyLine {
    if (this.#ready === null) throw new Error("up has not said that it is ready");
    return this.#ready;
  }

  #remember(id: string, pid: number): void {
    this.#pids.set(id, pid);
    this.#everyPid.add(pid);
  }

  async #viewOf(sentinel: Address): Promise<GroupView> {
    return JSON.parse(String(await ask(sentinel, "SENTINEL", "STATUS", this.group))) as GroupView;
  }
}

/** Runs a command that ends by itself. */
export function runBuilt(args: readonly string[]): Promise<CommandEnd> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
}

/** A stopped process hears no other signal; one that has ended needs none. */
function wake(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
