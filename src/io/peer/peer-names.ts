/**
 * Host names of peers to addresses, for all dials of one process. Dials nobody.
 *
 * The system's resolver has two threads in Node, and a question that a dial has given up goes on holding one: where a name server is silent, for
 * ten seconds and more. Dials that each asked anew would soon fill a queue behind which no healthy peer's name were answered either.
 * So a name is asked for once at a time, whoever waits for it; and while nobody can be asked, the addresses that it had last are dialled. Who
 * answers there proves who it is.
 */
import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { RateLimitedLog } from "./rate-limited-log.ts";

/** Names in use only: those of peers, and those that they had before. */
const NAMES_MAX = 256;
/** What a healthy resolver takes at most, and short beside a probe's time. */
const LATE_MS = 50;
/** Worth a warning. */
const SILENT_MS = 1000;

/** Without addresses where there is an error. */
type Answer = (error: NodeJS.ErrnoException | null, addresses?: readonly LookupAddress[]) => void;
type Resolve = (name: string, options: { readonly all: true }, answer: Answer) => void;

export class PeerNames {
  readonly #warnings: RateLimitedLog;
  readonly #resolve: Resolve;
  readonly #asked = new Map<string, Set<Answer>>();
  readonly #known = new Map<string, readonly LookupAddress[]>();

  constructor(warnings: RateLimitedLog, resolve: Resolve = lookup) {
    this.#warnings = warnings;
    this.#resolve = resolve;
  }

  /** For `connect` of `node:net`. */
  readonly lookup: LookupFunction = (name, { all }, callback) => {
    this.#addressesOf(name, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || addresses === undefined || first === undefined) callback(error, []);
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  #addressesOf(name: string, answer: Answer): void {
    const known = this.#known.get(name);
    const once: Answer = (error, addresses) => {
      clearTimeout(late);
      waiting.delete(once);
      // A resolver that could be asked has the last word: the name may be gone for good.
      if (error?.code === "EAI_AGAIN" && known !== undefined) answer(null, known);
      else answer(error, addresses);
    };
    const late = setTimeout(() => {
      if (known !== undefined) once(null, known);
    }, LATE_MS);
    late.unref();
    const waiting = this.#asked.get(name) ?? this.#ask(name);
    waiting.add(once);
  }

  #ask(name: string): Set<Answer> {
    const waiting = new Set<Answer>();
    this.#asked.set(name, waiting);
    const silent = setTimeout(() => this.#warn(name, `no answer in ${SILENT_MS} ms`), SILENT_MS);
    silent.unref();
    this.#resolve(name, { all: true }, (error, addresses) => {
      clearTimeout(silent);
      this.#asked.delete(name);
      if (error === null && addresses !== undefined) this.#keep(name, addresses);
      else this.#warn(name, error?.message ?? "no address");
      for (const answer of [...waiting]) answer(error, addresses);
    });
    return waiting;
  }

  #keep(name: string, addresses: readonly LookupAddress[]): void {
    if (this.#known.size >= NAMES_MAX) this.#known.clear();
    this.#known.set(name, addresses);
  }

  #warn(name: string, reason: string): void {
    const last = this.#known.get(name)?.map(({ address }) => address);
    this.#warnings.warn(
      `resolve ${name}`,
      {
        event: "peer-unresolved",
        host: name,
        reason,
        ...(last === undefined ? {} : { lastAddresses: last }),
      },
      "a peer's host name can't be resolved: check the name in its url, and this machine's name server or /etc/hosts",
    );
  }
}
