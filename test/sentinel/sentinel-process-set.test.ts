/** Three sentinels with their real cores and networks. No data node runs: they find each other, and nothing else. */
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import type { ConfiguredSentinel } from "../../sentinel/sentinel-config.ts";
import { SentinelProcess } from "../../sentinel/sentinel-process.ts";
import type { MemberId, SentinelId } from "../../src/base/ids.ts";
import { createLogger } from "../../src/io/logger.ts";

const HOST = "127.0.0.1";
const running: SentinelProcess[] = [];
let ports: number[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sentinel) => sentinel.stop()));
  giveBackPorts(ports);
});

/** Resolves `met` once it has logged `+sentinel` for so many others. */
async function start(id: SentinelId, sentinels: readonly ConfiguredSentinel[], others: number) {
  let found = 0;
  let meet: () => void = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const write = (line: string): void => {
    if (JSON.parse(line).event !== "+sentinel") return;
    found++;
    if (found === others) meet();
  };
  const url = "ws://127.0.0.1:1";
  const node = { id: "n1" as MemberId, url, priority: 100, zone: "", voting: true };
  const sentinel = await SentinelProcess.start({
    logger: createLogger({ level: "info", id, destination: { write } }),
    onFailed: (error) => expect.unreachable(error.message),
    config: {
      id,
      host: HOST,
      port: 0,
      peerPort: Number(new URL(sentinels.find((each) => each.id === id)?.url ?? "").port),
      announceHost: HOST,
      dataDir: null,
      password: null,
      peerSecret: "shared",
      sentinels,
      membershipVersion: 1,
      groups: [
        {
          name: "mymaster",
          nodes: [node],
          quorum: 2,
          downAfterMs: 1000,
          stallAfterMs: 2000,
          switchoverTimeoutMs: 5000,
          replication: { mode: "semi-sync", copies: 1 },
          crashEvidence: true,
        },
      ],
    },
  });
  running.push(sentinel);
  return { sentinel, met };
}

it("sentinels learn each other's client address from each other, and tell it to clients", async () => {
  ports = await takeFreePorts(HOST, 3);
  const sentinels = ports.map((port, index) => ({
    id: `s${index + 1}` as SentinelId,
    url: `ws://${HOST}:${port}`,
  }));
  const started = await Promise.all(sentinels.map(({ id }) => start(id, sentinels, 2)));
  await Promise.all(started.map(({ met }) => met));

  const [asked, ...others] = started.map(({ sentinel }) => sentinel);
  const redis = new Redis({ ...asked?.address, enableReadyCheck: false });
  try {
    const listed = (await redis.call("SENTINEL", "SENTINELS", "mymaster")) as string[][];
    expect(listed.map(([, name, , host, , port]) => [name, host, Number(port)])).toEqual(
      others.map((other) => [other.id, HOST, other.address.port]),
    );
  } finally {
    redis.disconnect();
  }
});
