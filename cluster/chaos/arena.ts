/**
 * What chaos needs of a cluster: who is in it, and hands to break and mend its members. Processes of interrex, of Redis, or members inside
 * this process all look the same from here.
 */
export interface ArenaMember {
  readonly id: string;
  readonly kind: "node" | "sentinel";
  readonly host: string;
  readonly port: number;
}

/** A process that outlives the run that has started it. */
export interface LeftRunning {
  readonly id: string;
  readonly pid: number;
}

export interface Arena {
  readonly group: string;
  readonly members: readonly ArenaMember[];
  readonly password: string | undefined;
  /** As `kill -9`. */
  kill(id: string): Promise<void>;
  /** Starts a killed member again; resolves without waiting until it has caught up. */
  restart(id: string): Promise<void>;
  /** As SIGSTOP: alive, but silent. */
  stop(id: string): Promise<void>;
  /** As SIGCONT. */
  resume(id: string): Promise<void>;
  /** Silently cuts the sides off from each other until `heal`; `null` where that is not possible. */
  readonly partition: ((sides: readonly (readonly string[])[]) => Promise<void>) | null;
  heal(): Promise<void>;
  /** What the arena has started by now and does not end when it is closed; left out where it ends everything. */
  readonly leftRunning?: () => LeftRunning[];
  /** Mends what is broken and ends every process that the arena itself started. */
  close(): Promise<void>;
}

export function nodesOf(arena: Pick<Arena, "members">): ArenaMember[] {
  return arena.members.filter(({ kind }) => kind === "node");
}

export function sentinelsOf(arena: Pick<Arena, "members">): ArenaMember[] {
  return arena.members.filter(({ kind }) => kind === "sentinel");
}
