/**
 * Compiled scripts by the SHA1 of their source. Bounded, unlike Redis's: of too many the one that was used longest ago goes
 * first, and its clients hear NOSCRIPT, which they answer with EVAL. Scripts of SCRIPT LOAD, whose clients may know no other
 * answer, have room of their own, so that no EVAL takes it.
 */
import type { Cell } from "./lua-vm.ts";

export interface Script {
  /** 40 hex digits, lower case. */
  readonly sha: string;
  readonly compiled: Cell;
  readonly flags: ReadonlySet<string> | undefined;
  readonly sourceBytes: number;
}

/** Each of those that were evaluated and of those that were loaded. */
const SCRIPTS_MAX = 10_000;
const SOURCE_BYTES_MAX = 32 * 1024 * 1024;

class RecentScripts {
  readonly #scripts = new Map<string, Script>();
  #bytes = 0;

  get size(): number {
    return this.#scripts.size;
  }

  /** Counts as use, as soon as it may matter. */
  find(sha: string): Script | undefined {
    const script = this.#scripts.get(sha);
    const isHalfFull = this.#scripts.size > SCRIPTS_MAX / 2 || this.#bytes > SOURCE_BYTES_MAX / 2;
    if (script !== undefined && isHalfFull) {
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
      this.delete(sha);
    }
  }

  delete(sha: string): void {
    this.#bytes -= this.#scripts.get(sha)?.sourceBytes ?? 0;
    this.#scripts.delete(sha);
  }

  clear(): void {
    this.#scripts.clear();
    this.#bytes = 0;
  }
}

export class ScriptCache {
  readonly #evaluated = new RecentScripts();
  readonly #loaded = new RecentScripts();

  get size(): number {
    return this.#evaluated.size + this.#loaded.size;
  }

  /** Counts as use. */
  find(sha: string): Script | undefined {
    return this.#loaded.find(sha) ?? this.#evaluated.find(sha);
  }

  /** A script that `find` does not know. */
  addEvaluated(script: Script): void {
    this.#evaluated.add(script);
  }

  /** It may have been evaluated or loaded before. */
  addLoaded(script: Script): void {
    if (this.#loaded.find(script.sha) !== undefined) return;
    this.#evaluated.delete(script.sha);
    this.#loaded.add(script);
  }

  clear(): void {
    this.#evaluated.clear();
    this.#loaded.clear();
  }
}
