/**
 * Partitions inside one process, for the test kit: who can be reached now, and who waits until a peer can be.
 * Decides nothing about links; without a partition everybody is reachable.
 */
export class Reachability {
  #reachable: (peerId: string) => boolean = () => true;
  readonly #waiting = new Set<{ readonly peerId: string; readonly action: () => void }>();

  allows(peerId: string): boolean {
    return this.#reachable(peerId);
  }

  /** Replaces the rule, then runs what waited for peers that are reachable now. */
  set(reachable: (peerId: string) => boolean): void {
    this.#reachable = reachable;
    for (const waiter of [...this.#waiting]) {
      if (!this.allows(waiter.peerId)) continue;
      this.#waiting.delete(waiter);
      waiter.action();
    }
  }

  /**
   * Runs `action` now, or once the peer can be reached.
   *
   * @returns forgets `action` if it still waits.
   */
  whenAllowed(peerId: string, action: () => void): () => void {
    if (this.allows(peerId)) {
      action();
      return () => {};
    }
    const waiter = { peerId, action };
    this.#waiting.add(waiter);
    return () => this.#waiting.delete(waiter);
  }
}
