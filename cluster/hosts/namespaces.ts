/**
 * Real hosts without machines: Linux network namespaces on a bridge, which can be cut off silently, as a pulled cable does.
 * Nothing answers "refused" or "unreachable" across a cut; packets vanish. Needs root and `ip` (iproute2); netem and iptables are not used.
 * It makes its own bridge and namespaces, removes them, and touches no other.
 */
import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { promisify } from "node:util";

export interface Host {
  /** `a`, `b`, `c`, ... */
  readonly name: string;
  /** IPv4, reachable from the other hosts and from this process. */
  readonly address: string;
  /** What to run so that the command runs on this host. It replaces itself: the pid is that of the command. */
  on(command: string, args: readonly string[]): HostCommand;
  /**
   * Starts a command on this host. The process's pid is that of the command itself; whatever still runs when the network is closed is killed.
   */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
}

export interface HostCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** A neighbour that nobody is: what is sent there is lost without a word. */
const NOBODY = "02:00:00:00:00:ff";

/**
 * Removes everything when its standard input ends, which also a SIGKILL of this process can't prevent. A shell, since it must not share this
 * process's fate. Arguments: the bridge, then pairs of a host's port and its namespace. What is gone already is no error.
 */
const KEEPER = `
  cat > /dev/null
  bridge=$1; shift
  while [ $# -gt 0 ]; do
    for pid in $(ip netns pids "$2"); do kill -9 "$pid"; done
    ip link del "$1"; ip netns del "$2"; shift 2
  done
  ip link del "$bridge"`;

/** Why namespaces can't be used here, in one line; `null` when they can. */
export function namespacesUnavailable(): string | null {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const probe = `ixprobe-${randomBytes(2).toString("hex")}`;
  try {
    execFileSync("ip", ["netns", "add", probe], { stdio: "pipe" });
    execFileSync("ip", ["netns", "del", probe], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `network namespaces can't be made here: ${(error as Error).message.split("\n", 1)[0]}`;
  }
}

export class Network implements AsyncDisposable {
  readonly hosts: readonly Host[];
  readonly #id: string;
  readonly #children: ChildProcess[] = [];
  readonly #oneWay: { readonly from: string; readonly to: string }[] = [];
  readonly #onExit = () => this.#removeNow();
  #keeper: ChildProcess | null = null;

  private constructor(id: string, count: number) {
    this.#id = id;
    const subnet = subnetOf(id);
    this.hosts = Array.from({ length: count }, (_, index) => {
      const name = String.fromCharCode(97 + index);
      return {
        name,
        address: `${subnet}.${index + 1}`,
        on: (command, args) => this.#command(name, command, args),
        spawn: (command, args, options = {}) => this.#spawn(this.#command(name, command, args), options),
      };
    });
  }

  /** @throws when `ip` refuses; nothing is left behind then. */
  static async create(hostCount = 3): Promise<Network> {
    const network = new Network(randomBytes(2).toString("hex"), hostCount);
    // Who dies without closing must not leave interfaces on the machine.
    process.on("exit", network.#onExit);
    network.#keeper = network.#startKeeper();
    try {
      await network.#build();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Cuts a host off from everyone, this process included, in both directions. */
  async cutOff(name: string): Promise<void> {
    await ip("link", "set", this.#port(name), "nomaster");
  }

  /** Whatever `from` sends to `to` is lost; the other direction still works. */
  async blockOneWay(from: string, to: string): Promise<void> {
    const address = this.host(to).address;
    await ip(
      "-n",
      this.#namespace(from),
      "neigh",
      "replace",
      address,
      "lladdr",
      NOBODY,
      "nud",
      "permanent",
      "dev",
      "eth0",
    );
    this.#oneWay.push({ from, to });
  }

  /** Loses what goes between hosts of different sides, both ways; this process still reaches all of them. */
  async partition(sides: readonly (readonly string[])[]): Promise<void> {
    for (const [at, side] of sides.entries()) {
      for (const other of sides.slice(at + 1).flat()) {
        for (const one of side) {
          await this.blockOneWay(one, other);
          await this.blockOneWay(other, one);
        }
      }
    }
  }

  /** Ends every cut. */
  async heal(): Promise<void> {
    for (const { name } of this.hosts) await ip("link", "set", this.#port(name), "master", this.#bridge);
    for (const { from, to } of this.#oneWay.splice(0)) {
      await ip("-n", this.#namespace(from), "neigh", "del", this.host(to).address, "dev", "eth0");
    }
  }

  host(name: string): Host {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) throw new RangeError(`no host ${name}`);
    return host;
  }

  /** Kills what still runs on the hosts and removes everything; again does no harm. */
  async close(): Promise<void> {
    process.off("exit", this.#onExit);
    await Promise.all(this.#children.splice(0).map(kill));
    this.#removeNow();
    const keeper = this.#keeper;
    this.#keeper = null;
    if (keeper === null || keeper.exitCode !== null) return;
    // Nothing else may be left to wait for.
    keeper.ref();
    keeper.stdin?.end();
    await once(keeper, "exit");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #bridge(): string {
    return `ixb-${this.#id}`;
  }

  #namespace(name: string): string {
    return `ix-${this.#id}-${name}`;
  }

  /** The bridge's end of the host's cable. */
  #port(name: string): string {
    return `ixv-${this.#id}-${name}`;
  }

  async #build(): Promise<void> {
    await ip("link", "add", this.#bridge, "type", "bridge");
    await ip("addr", "add", `${subnetOf(this.#id)}.254/24`, "dev", this.#bridge);
    await ip("link", "set", this.#bridge, "up");
    for (const { name, address } of this.hosts) {
      const namespace = this.#namespace(name);
      await ip("netns", "add", namespace);
      await ip("link", "add", this.#port(name), "type", "veth", "peer", "name", "eth0", "netns", namespace);
      await ip("link", "set", this.#port(name), "master", this.#bridge, "up");
      await ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
      await ip("-n", namespace, "link", "set", "eth0", "up");
      await ip("-n", namespace, "link", "set", "lo", "up");
    }
  }

  #command(name: string, command: string, args: readonly string[]): HostCommand {
    return { command: "ip", args: ["netns", "exec", this.#namespace(name), command, ...args] };
  }

  #startKeeper(): ChildProcess {
    const hosts = this.hosts.flatMap(({ name }) => [this.#port(name), this.#namespace(name)]);
    const keeper = spawn("sh", ["-c", KEEPER, "keeper", this.#bridge, ...hosts], {
      stdio: ["pipe", "ignore", "ignore"],
      // Ctrl-C is for this process, which then closes in order.
      detached: true,
    });
    keeper.unref();
    return keeper;
  }

  #spawn({ command, args }: HostCommand, options: SpawnOptions): ChildProcess {
    const child = spawn(command, args, options);
    this.#children.push(child);
    return child;
  }

  /** Synchronous, so that it also works while the process exits. What is already gone is no error. */
  #removeNow(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const { name } of this.hosts) {
      // The port first: a namespace goes only when its last process has ended, and its cable with it.
      remove("link", "del", this.#port(name));
      remove("netns", "del", this.#namespace(name));
    }
    remove("link", "del", this.#bridge);
  }
}

/** Two networks on one machine hardly ever meet: 1 in 16384. */
function subnetOf(id: string): string {
  const number = Number.parseInt(id, 16);
  return `10.${64 + ((number >> 8) & 63)}.${number & 255}`;
}

async function ip(...args: readonly string[]): Promise<void> {
  await promisify(execFile)("ip", args);
}

function remove(...args: readonly string[]): void {
  try {
    execFileSync("ip", args, { stdio: "pipe" });
  } catch (error) {
    const isGone = /Cannot find device|No such file/.test(String((error as { stderr?: Buffer }).stderr));
    if (!isGone) process.stderr.write(`left behind: ip ${args.join(" ")}: ${(error as Error).message}\n`);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
