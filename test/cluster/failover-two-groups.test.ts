/** One sentinel set that watches two groups: each has its own master and epochs, and a failover of one leaves the other alone. */
import { afterEach, expect, it } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { sentinelFileSchema, toSentinelConfig } from "../../cluster/config/sentinel-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import { until } from "../../cluster/until.ts";
import { SentinelProcess } from "../../sentinel/sentinel-process.ts";
import { createLogger } from "../../src/io/logger.ts";
import { DataNode } from "../../src/node/data-node.ts";
import { DOWN_AFTER_MS } from "./failover-scene.ts";
import { carefulLoad, lostWrites, type WriteLoad } from "./redis-clients.ts";

const HOST = "127.0.0.1";
const PATIENCE_MS = 30_000;
const GROUPS = ["orders", "sessions"] as const;
type Group = (typeof GROUPS)[number];

const nodes = new Map<string, DataNode>();
const sentinels: SentinelProcess[] = [];
const loads: WriteLoad[] = [];
let ports: number[] = [];

afterEach(async () => {
  for (const load of loads.splice(0)) await load.stop();
  await Promise.all(sentinels.splice(0).map((sentinel) => sentinel.stop()));
  await Promise.all([...nodes.values()].map((node) => node.stop()));
  nodes.clear();
  giveBackPorts(ports);
});

function onFailed(error: unknown): void {
  expect.unreachable(String(error));
}

async function startAll(): Promise<void> {
  const places = (prefix: string) =>
    [1, 2, 3].map((number) => {
      const [port, peerPort] = ports.splice(0, 2);
      return { id: `${prefix}${number}`, host: HOST, port, peerPort, url: `ws://${HOST}:${peerPort}` };
    });
  ports = await takeFreePorts(HOST, 18);
  const taken = [...ports];
  const members = GROUPS.map((name) => ({ name, places: places(name) }));
  const watchers = places("s");
  ports = taken;
  const groups = members.map((group) => ({
    name: group.name,
    nodes: group.places.map(({ id, url }) => ({ id, url })),
    // Nothing happens to it: only the machine's own standstill could be taken for silence.
    downAfterMs: group.name === "sessions" ? PATIENCE_MS : DOWN_AFTER_MS,
  }));
  const logger = createLogger({ level: "silent", id: "test" });
  for (const { url: _, ...place } of members.flatMap((group) => group.places)) {
    const flags = { ...place, dataDir: null };
    const config = toNodeConfig(validate(nodeFileSchema, { file: null, flags }));
    nodes.set(place.id, await DataNode.start({ config, logger, onFailed }));
  }
  const listed = watchers.map(({ peerPort: _, ...watcher }) => watcher);
  for (const { url: _, ...watcher } of watchers) {
    const flags = { ...watcher, dataDir: null, sentinels: listed, groups };
    const config = toSentinelConfig(validate(sentinelFileSchema, { file: null, flags }));
    sentinels.push(await SentinelProcess.start({ config, logger, onFailed }));
  }
}

/** The master that all sentinels name, other than `not`, once it acknowledges. */
function masterOf(group: Group, not?: string): Promise<{ id: string; epoch: number; node: DataNode }> {
  return until(
    () => {
      const views = sentinels.map((sentinel) => sentinel.view(group));
      const [first] = views;
      const id = first?.standing?.master ?? not;
      const agreed = views.every((view) => view?.standing?.master === id);
      const node = nodes.get(id ?? "");
      if (id == null || id === not || !agreed || node?.status().established !== true) return undefined;
      return { id, epoch: first?.standing?.number.epoch ?? 0, node };
    },
    { timeoutMs: 20_000, what: () => `a master of ${group} other than ${not ?? "none"}` },
  );
}

it("a failover of one group leaves the other's master, epoch and clients alone", async () => {
  await startAll();
  const orders = await masterOf("orders");
  const sessions = await masterOf("sessions");
  const addresses = sentinels.map(({ address }) => address);
  const ordersLoad = carefulLoad({ group: "orders", sentinels: addresses });
  // On a busy machine a client that gives up waiting would fail by its own doing.
  const sessionsLoad = carefulLoad({ group: "sessions", sentinels: addresses }, "k", PATIENCE_MS);
  loads.push(ordersLoad, sessionsLoad);
  await Promise.all([ordersLoad.more(200), sessionsLoad.more(200)]);
  const failedBefore = sessionsLoad.failures.length;

  orders.node.kill();
  const next = await masterOf("orders", orders.id);
  await Promise.all([ordersLoad.more(200), sessionsLoad.more(200)]);
  expect(next.epoch).toBeGreaterThan(orders.epoch);
  expect(await masterOf("sessions")).toEqual(sessions);
  expect(sessionsLoad.failures.slice(failedBefore)).toEqual([]);

  await Promise.all([ordersLoad.stop(), sessionsLoad.stop()]);
  expect(await lostWrites(ordersLoad, next.node.address)).toEqual([]);
  expect(await lostWrites(sessionsLoad, sessions.node.address)).toEqual([]);
});
