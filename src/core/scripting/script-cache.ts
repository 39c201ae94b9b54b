/**
 * Compiled scripts by the SHA1 of their source. Bounded: the script that was used longest ago goes first, and its clients
 * hear NOSCRIPT, which they answer with EVAL.
 */
import type { Cell } from "./lua-vm.ts";

export interface Script {
  /** 40 hex digits, lower case. */
  readonly sha: string;
  readonly compiled: Cell;
  readonly flags: ReadonlySet<string> | undefined;
  readonly sourceBytes: number;
}

const SCRIPTS_MAX = 10_000;
const SOURCE_BYTES_MAX = 32 * 1024 * 1024;

export class ScriptCache {
  readonly #scripts = new Map<string, Script>();
  #bytes = 0;

  get size(): number {
    return this.#scripts.size;
  }

  has(sha: string): boolean {
    return this.#scripts.has(sha.toLowerCase());
  }

  /** Counts as use. */
  find(sha: string): Script | undefined {
    const script = this.#scripts.get(sha);
    if (script === undefined) return undefined;
    if (this.#scripts.size > SCRIPTS_MAX / 2) {
      this.#scripts.delete(sha);
      this.#scripts.set(sha, script);
    }
    return script;
  }

  add(script: Script): void {
    this.#scripts.set(script.sha, script);
    this.#bytes += script.sourceBytes;
    for (const [sha, oldest] of this.#scripts) {
      const fits = this.#scripts.size <= SCRIPTS_MAX && this.#bytes <= SOURCE_BYTES_MAX;
      if (fits || oldest === script) return;
      this.#scripts.delete(sha);
      this.#bytes -= oldest.sourceBytes;
    }
  }

  clear(): void {
    this.#scripts.clear();
    this.#bytes = 0;
  }
}
