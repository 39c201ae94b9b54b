/** A process of clients, on whatever host it was started: runs them, and tells its parent every operation. It ends with its parent. */
import { SeededRandomness } from "../../src/base/randomness.ts";
import { GroupClients } from "../chaos/group-clients.ts";
import type { Operation } from "../chaos/history.ts";
import { type OperationSink, Operator } from "../chaos/operator.ts";
import { type ClientNews, type ClientOrder, machineMs } from "./client-message.ts";
import { runSoakClient } from "./soak-workload.ts";

const TELL_EVERY_MS = 200;

class Telling implements OperationSink {
  #operations: Operation[] = [];
  #unanswered = 0;

  record(operation: Operation): void {
    this.#operations.push(operation);
  }

  readUnanswered(): void {
    this.#unanswered += 1;
  }

  tell(): void {
    if (this.#operations.length === 0 && this.#unanswered === 0) return;
    say({ type: "operations", operations: this.#operations, unanswered: this.#unanswered });
    this.#operations = [];
    this.#unanswered = 0;
  }
}

const stop = new AbortController();
process.on("disconnect", () => process.exit());
process.on("message", (order: ClientOrder) => {
  if (order.type === "stop") stop.abort();
  else void run(order);
});

async function run(order: ClientOrder & { type: "start" }): Promise<void> {
  const { sentinels, group, password, prefix, seed, thinkMs, startedAtMs } = order;
  const sink = new Telling();
  const telling = setInterval(() => sink.tell(), TELL_EVERY_MS);
  const clients = new GroupClients({
    sentinels,
    group,
    password,
    sentinelPassword: password,
    defaults: false,
    // They reconnect by themselves; what became of each operation is recorded.
    onError: () => {},
  });
  await Promise.all(
    order.clients.map(async (client) => {
      const connection = clients.connect(client % sentinels.length);
      const operator = new Operator({ connection, client, sink, nowMs: machineMs });
      const random = new SeededRandomness(seed + client * 7919);
      const options = { operator, client, random, prefix, startedAtMs, thinkMs, nowMs: machineMs };
      await runSoakClient(options, stop.signal);
      operator.release();
      clients.release(connection);
    }),
  );
  clients.close();
  clearInterval(telling);
  sink.tell();
  say({ type: "done" });
  process.disconnect();
}

function say(news: ClientNews): void {
  process.send?.(news);
}
