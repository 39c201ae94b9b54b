/** An arena whose members run on hosts of their own, so that they can also be cut off from each other. Owns the network: it goes with it. */
import type { ArenaMember } from "../chaos/arena.ts";
import { ProcessArena } from "../chaos/process-arena.ts";
import type { Host, Network } from "./namespaces.ts";

export interface HostedMember extends ArenaMember {
  readonly on: Host;
  readonly command: string;
  readonly args: readonly string[];
  readonly logPath: string | null;
}

export interface HostArenaOptions {
  readonly network: Network;
  readonly group: string;
  readonly password?: string | undefined;
  readonly members: readonly HostedMember[];
  readonly onDeath?: ((id: string, how: string) => void) | undefined;
  /** Kills everything at once. */
  readonly atOnce?: AbortSignal | undefined;
  /** What must go once the network is gone, such as a directory. */
  readonly afterClose?: (() => Promise<void>) | undefined;
}

export class HostArena extends ProcessArena {
  readonly network: Network;
  readonly #hosts: ReadonlyMap<string, Host>;

  private constructor(options: HostArenaOptions) {
    const { network, group, password, members, onDeath, atOnce, afterClose } = options;
    const hosts = new Map(members.map(({ id, on }) => [id, on]));
    super({
      group,
      password,
      processes: members.map(({ on, command, args, ...member }) => ({
        ...member,
        pid: null,
        respawn: on.on(command, args),
      })),
      cuts: {
        partition: (sides) => network.partition(sides.map((side) => hostNames(hosts, side))),
        heal: () => network.heal(),
      },
      ...(onDeath === undefined ? {} : { onDeath }),
      atOnce,
      closeCluster: async () => {
        await network.close();
        await afterClose?.();
      },
    });
    this.network = network;
    this.#hosts = hosts;
  }

  /** Starts every member, without waiting for more; when one can't be started, nothing is left. */
  static async start(options: HostArenaOptions): Promise<HostArena> {
    const arena = new HostArena(options);
    try {
      for (const { id } of options.members) await arena.restart(id);
      return arena;
    } catch (error) {
      await arena.close();
      throw error;
    }
  }

  hostOf(id: string): Host {
    const host = this.#hosts.get(id);
    if (host === undefined) throw new RangeError(`no member ${id}`);
    return host;
  }
}

/** Members of one host are on one side: a host is cut off as a whole. */
function hostNames(hosts: ReadonlyMap<string, Host>, side: readonly string[]): string[] {
  return [...new Set(side.map((id) => hosts.get(id)?.name).filter((name) => name !== undefined))];
}
