/**
 * Two processes under one id: both are linked by turns, since the newest takes the place of the other. Tells that it is so; refuses nobody, as
 * who of them is meant can't be known here.
 */
import type { StartId } from "../../base/ids.ts";
import type { PeerIdentity } from "../../protocol/peer/identity.ts";

const PEERS_MAX = 256;
const LIVES_MAX = 8;

export class Twins {
  /** The lives of each peer, the present one last. */
  readonly #lives = new Map<string, readonly StartId[]>();

  /** @returns true when another process of this id was met after this one: a process that had ended would not be back. */
  isBack({ kind, id, startId }: PeerIdentity): boolean {
    const key = `${kind} ${id}`;
    const lives = this.#lives.get(key) ?? [];
    if (lives.at(-1) === startId) return false;
    const isBack = lives.includes(startId);
    // Without a secret, strangers choose ids.
    if (this.#lives.size >= PEERS_MAX) this.#lives.clear();
    this.#lives.set(key, [...lives.filter((life) => life !== startId), startId].slice(-LIVES_MAX));
    return isBack;
  }
}
