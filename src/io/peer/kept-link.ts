/**
 * Keeps one dialled link to a target, for ever: dial, live, dial again. Decides when to try; what a failed dial means
 * is for others to judge.
 */
import pRetry from "p-retry";
import { InterrexError } from "../../base/errors.ts";
import type { Millis } from "../../base/ids.ts";
import type { PeerTarget } from "../../protocol/peer/identity.ts";
import { type DialContext, type Dialling, dial } from "./dial.ts";
import type { PeerLink } from "./peer-link.ts";
import type { RateLimitedLog } from "./rate-limited-log.ts";
import type { ProvenConnection } from "./unproven.ts";

export interface KeptLinkHost {
  readonly context: DialContext;
  readonly warnings: RateLimitedLog;
  /** Makes a link of it, tells of it, and calls `ended` once its end has been told. */
  adopt(connection: ProvenConnection, ended: (livedMs: Millis) => void): PeerLink;
}

export class KeptLink {
  readonly target: PeerTarget;
  readonly #host: KeptLinkHost;
  /** Ends everything. */
  readonly #stop = new AbortController();
  /** Ends one run of p-retry, and with it the wait between two attempts. */
  #wake = new AbortController();
  #waiting = false;
  #link: PeerLink | null = null;
  #dialling: Dialling | null = null;
  #failAttempt: (error: InterrexError) => void = () => {};

  constructor(target: PeerTarget, host: KeptLinkHost) {
    this.target = target;
    this.#host = host;
    // A rejection can only be a broken invariant: unhandled, it stops the process, as it should.
    void this.#keep();
  }

  /** Skips the wait before the next attempt, and starts the back-off afresh; does nothing during an attempt. */
  redialNow(): void {
    if (this.#waiting) this.#wake.abort();
  }

  /** A partition has ended: what was dialled into it may have lost a frame, and its back-off means nothing. */
  partitionEnded(): void {
    if (this.#dialling !== null) {
      this.#dialling.abort();
      this.#wake.abort();
      this.#failAttempt(new InterrexError("PEER_UNREACHABLE", "dialled into a partition"));
    } else {
      this.redialNow();
    }
  }

  /** Dials no more and closes the link. */
  stop(goingAway = false): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#dialling?.abort();
    this.#link?.close(goingAway);
  }

  /** Dials no more; the links are the caller's to destroy. */
  kill(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#dialling?.abort();
  }

  async #keep(): Promise<void> {
    const { redialMsMin, redialMsMax } = this.#host.context.limits;
    while (!this.#stop.signal.aborted) {
      const wake = new AbortController();
      this.#wake = wake;
      try {
        await pRetry(() => this.#attempt(), {
          retries: Number.POSITIVE_INFINITY,
          minTimeout: redialMsMin,
          factor: 2,
          maxTimeout: redialMsMax,
          randomize: true,
          signal: wake.signal,
          onFailedAttempt: ({ error }) => {
            this.#waiting = true;
            this.#report(error);
          },
        });
      } catch (error) {
        if (!wake.signal.aborted) throw error;
      }
      this.#waiting = false;
    }
  }

  /** One dial and the life of its link. Resolves when a link that lived for a while has ended: dial again at once. */
  #attempt(): Promise<void> {
    this.#waiting = false;
    const { gate, reach, limits } = this.#host.context;
    return new Promise((resolve, reject) => {
      const stop = this.#stop.signal;
      const giveUp = (): void => {
        cancelWait();
        reject(new InterrexError("PEER_LINK_STOPPED", "the link is no longer wanted"));
      };
      const settle = (end: () => void): void => {
        stop.removeEventListener("abort", giveUp);
        this.#dialling = null;
        this.#link = null;
        end();
      };
      this.#failAttempt = (error) => settle(() => reject(error));
      const start = (): void => {
        if (stop.aborted) return;
        this.#dialling = dial(
          this.#host.context,
          this.target,
          { purpose: "link", timeoutMs: limits.handshakeMsMax },
          {
            established: (connection) => {
              this.#dialling = null;
              this.#link = this.#host.adopt(connection, (livedMs) =>
                settle(() => {
                  if (livedMs >= limits.stableMs) resolve();
                  else
                    reject(new InterrexError("PEER_LINK_SHORT", `the link lived ${Math.round(livedMs)} ms`));
                }),
              );
              // Whoever was told of the new link may have changed the targets at once.
              if (stop.aborted) this.#link.close();
            },
            failed: (error) => settle(() => reject(error)),
          },
        );
      };
      stop.addEventListener("abort", giveUp, { once: true });
      // A stopped process dials nobody; into a partition a dial hangs, and goes through when it ends.
      const cancelWait = reach.whenAllowed(this.target.id, () => gate.whenRunning(start));
    });
  }

  /** Only what an operator must set right is worth a warning; that a peer is down is the sentinels' to say. */
  #report(error: Error): void {
    if (!(error instanceof InterrexError)) return;
    if (error.code !== "PEER_REFUSED" && error.code !== "PEER_URL_INVALID") return;
    const { kind, id, url } = this.target;
    this.#host.warnings.warn(
      `dial ${kind} ${id} ${error.message}`,
      { event: "peer-refused", peer: id, url, reason: error.message },
      "peer could not be linked",
    );
  }
}
