/** Remembers which clusters and single servers are running or starting, so that an interrupted benchmark leaves none behind. */
import { InterrexError } from "../src/base/errors.ts";

interface Closable {
  close(): Promise<void>;
}

export class OpenArenas {
  readonly #open = new Set<Promise<Closable>>();
  #closed = false;

  /** @throws InterrexError INTERRUPTED once everything is being closed: what started now would be left behind. */
  async start<Started extends Closable>(start: () => Promise<Started>): Promise<Started> {
    if (this.#closed) throw new InterrexError("INTERRUPTED", "Not started: the benchmark is being stopped");
    const starting = start();
    this.#open.add(starting);
    try {
      return await starting;
    } catch (error) {
      // A start that failed has cleaned up behind itself.
      this.#open.delete(starting);
      throw error;
    }
  }

  /** Closing twice does no harm, so those already closed need not be told apart. */
  async closeAll(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#open].map(async (starting) => (await starting).close()));
  }
}
