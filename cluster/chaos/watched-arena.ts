/** A cluster known only by the addresses of its sentinels: clients can load it, nobody here can break it. */
import { InvariantError } from "../../src/base/errors.ts";
import type { Arena, ArenaMember } from "./arena.ts";

export class WatchedArena implements Arena {
  readonly group: string;
  readonly password: string | undefined;
  readonly members: readonly ArenaMember[];
  readonly partition: null = null;

  constructor(group: string, password: string | undefined, sentinels: readonly ArenaMember[]) {
    this.group = group;
    this.password = password;
    this.members = sentinels;
  }

  kill(id: string): Promise<void> {
    return refuse(id);
  }

  restart(id: string): Promise<void> {
    return refuse(id);
  }

  stop(id: string): Promise<void> {
    return refuse(id);
  }

  resume(id: string): Promise<void> {
    return refuse(id);
  }

  async heal(): Promise<void> {}

  async close(): Promise<void> {}
}

async function refuse(id: string): Promise<never> {
  throw new InvariantError(`a run that only watches was about to touch ${id}`);
}
