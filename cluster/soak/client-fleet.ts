/** The client processes of a soak, seen from their parent: starts them, takes what they tell, stops them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InterrexError } from "../../src/base/errors.ts";
import type { HistoryRecorder } from "../chaos/history.ts";
import type { ClientNews, ClientOrder } from "./client-message.ts";
import type { SoakArena } from "./soak-arena.ts";

/** Operations under way end within a second. */
const STOP_TIMEOUT_MS = 10_000;
const CLIENT_PROCESS = fileURLToPath(new URL("./client-process.js", import.meta.url));

export class ClientFleet {
  readonly #children: readonly ChildProcess[];
  /** Rejects when one ends too early: a history with a hole would accuse the store. */
  readonly broken: Promise<never>;
  /** Resolves once all have done something. */
  readonly working: Promise<void>;
  #stopping = false;

  private constructor(children: readonly ChildProcess[], recorder: HistoryRecorder) {
    this.#children = children;
    const idle = new Set(children);
    let allWork: () => void = () => {};
    this.working = new Promise((resolve) => {
      allWork = resolve;
    });
    this.broken = new Promise((_, reject) => {
      for (const child of children) {
        let done = false;
        child.on("message", (news: ClientNews) => {
          if (news.type === "done") done = true;
          else {
            idle.delete(child);
            if (idle.size === 0) allWork();
            for (const operation of news.operations) recorder.record(operation);
            for (let at = 0; at < news.unanswered; at += 1) recorder.readUnanswered();
          }
        });
        child.once("close", (code, signal) => {
          if (done && this.#stopping) return;
          reject(
            new InterrexError(
              "CLIENT_ENDED",
              `A client process ended by itself: ${signal ?? `exit ${code}`}`,
            ),
          );
        });
      }
    });
    this.broken.catch(() => {});
  }

  /**
   * @param orderFor what each is told, by its place in the list.
   * @param logPath takes what they say on stderr.
   */
  static start(
    places: SoakArena["places"],
    recorder: HistoryRecorder,
    orderFor: (place: number) => ClientOrder,
    logPath: string,
  ): ClientFleet {
    const log = openSync(logPath, "a");
    const children = places.map((place, index) => {
      const { command, args } = place(process.execPath, [CLIENT_PROCESS]);
      const child = spawn(command, args, { stdio: ["ignore", "ignore", log, "ipc"], detached: true });
      child.once("spawn", () => child.send(orderFor(index)));
      return child;
    });
    closeSync(log);
    return new ClientFleet(children, recorder);
  }

  /** Resolves when all have told everything and ended. @throws InterrexError CLIENT_ENDED */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ended = Promise.all(this.#children.map((child) => this.#end(child)));
    await Promise.race([ended, this.broken]);
  }

  kill(): void {
    this.#stopping = true;
    for (const child of this.#children) child.kill("SIGKILL");
  }

  async #end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    if (child.connected) child.send({ type: "stop" } satisfies ClientOrder);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  }
}
