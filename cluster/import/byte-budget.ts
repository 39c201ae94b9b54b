/** How many bytes may be on their way at once. Counts; moves none. Who asks for more than is free waits. */
export class ByteBudget {
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** To be given back. For more than the whole budget it would wait for ever. */
  async take(bytes: number): Promise<void> {
    while (this.#free < bytes) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free -= bytes;
  }

  give(bytes: number): void {
    this.#free += bytes;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
