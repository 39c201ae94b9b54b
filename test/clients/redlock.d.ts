/** As much of redlock 5's types as is used here: its package names its own where no compiler looks for them. */
declare module "redlock" {
  import type { EventEmitter } from "node:events";
  import type { Redis } from "ioredis";

  export interface Lock {
    readonly value: string;
    extend(durationMs: number): Promise<Lock>;
    release(): Promise<unknown>;
  }

  export default class Redlock extends EventEmitter {
    constructor(clients: Iterable<Redis>);
    acquire(
      resources: readonly string[],
      durationMs: number,
      settings?: { readonly retryCount: number },
    ): Promise<Lock>;
  }
}
