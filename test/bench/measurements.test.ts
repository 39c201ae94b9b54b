/** The measuring itself, on small servers that behave as told. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { STRINGS } from "../../bench/fillings.ts";
import { measureLatency } from "../../bench/latency.ts";
import { load } from "../../bench/load.ts";
import { longestWait } from "../../bench/probe.ts";
import { benchmarkArguments, measureThroughput, rateIn, warmUp } from "../../bench/throughput.ts";
import type { Arena } from "../../cluster/chaos/arena.ts";
import type { Endpoint } from "../../cluster/chaos/endpoint.ts";

/** Answers each packet with the next reply of `replies`, over and over. */
async function withServer<Result>(
  reply: string,
  work: (target: Endpoint) => Promise<Result>,
): Promise<Result> {
  const server = createServer((socket) => {
    socket.on("data", () => (reply === "" ? socket.destroy() : socket.write(reply)));
  });
  const port = await portOf(server);
  try {
    return await work({ host: "127.0.0.1", port });
  } finally {
    server.close();
  }
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("latency", () => {
  it("gives one time for each acknowledged write", async () => {
    const times = await withServer("+OK\r\n", (target) =>
      measureLatency({ target, samples: 20, warmUp: 5, waitForReplicas: 0 }),
    );
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  it("counts a write as acknowledged only when WAIT found a replica", async () => {
    const measure = (target: Endpoint) =>
      measureLatency({ target, samples: 5, warmUp: 5, waitForReplicas: 1 });
    expect(await withServer("+OK\r\n:1\r\n", measure)).toHaveLength(5);
    await expect(withServer("+OK\r\n:0\r\n", measure)).rejects.toThrow(/:0/);
  });

  it("fails on an error reply, and on a server that goes away", async () => {
    const measure = (target: Endpoint) =>
      measureLatency({ target, samples: 5, warmUp: 5, waitForReplicas: 0 });
    await expect(withServer("-NOREPLICAS Not enough\r\n", measure)).rejects.toThrow(/NOREPLICAS/);
    await expect(withServer("", measure)).rejects.toThrow(/closed the connection/);
  });
});

describe("load", () => {
  it("ends when every command has its reply", async () => {
    const reply = "+OK\r\n".repeat(20);
    await expect(withServer(reply, (target) => load(target, STRINGS, 20))).resolves.toBeUndefined();
  });

  it("fails on a refused command, and on a server that goes away", async () => {
    const fill = (target: Endpoint) => load(target, STRINGS, 20);
    await expect(withServer("+OK\r\n-OOM command not allowed\r\n", fill)).rejects.toThrow(/OOM/);
    await expect(withServer("", fill)).rejects.toThrow(/closed the connection/);
  });
});

describe("the longest wait", () => {
  it("is the silence of a server while the work goes on", async () => {
    const silentMs = 60;
    let resolve = (): void => {};
    const slowReplyCame = new Promise<void>((told) => {
      resolve = told;
    });
    let commands = 0;
    const server = createServer((socket) => {
      socket.on("data", () => {
        commands += 1;
        setTimeout(() => socket.write("+OK\r\n"), commands === 5 ? silentMs : 0);
        if (commands === 6) resolve();
      });
    });
    const port = await portOf(server);
    try {
      const ms = await longestWait({ host: "127.0.0.1", port }, 100, () => slowReplyCame);
      // A timer may come a little early.
      expect(ms).toBeGreaterThan(silentMs - 5);
    } finally {
      server.close();
    }
  });
});

describe("a run of redis-benchmark", () => {
  const options = { tests: ["SET"], pipeline: 1, requests: 1 } as const;
  const runs: Record<string, (arena: Arena, failed: (error: Error) => void) => Promise<unknown>> = {
    measuring: (arena, failed) => measureThroughput(arena, options, failed),
    "warming up": (arena, failed) => warmUp(arena, { tests: ["SET"] }, [options], failed),
  };

  it.each(Object.keys(runs))(
    "that fails is told of and tried once more, for %s too, before it is given up",
    async (name) => {
      const arena = { group: "mymaster", members: [] as const } as unknown as Arena;
      const told: string[] = [];
      const run = runs[name]?.(arena, ({ message }) => told.push(message));
      await expect(run).rejects.toMatchObject({ code: "NO_MASTER" });
      expect(told).toHaveLength(2);
      for (const message of told) expect(message).toContain("No sentinel names a master");
    },
  );
});

describe("redis-benchmark's output", () => {
  const csv = [
    '"test","rps","avg_latency_ms"',
    '"SET","51234.50","0.5"',
    '"GET","60000.00","0.4"',
    '"LPUSH","3000.00","0.4"',
    '"LPUSH (needed to benchmark LRANGE)","999.00","0.4"',
    '"LRANGE_100 (first 100 elements)","2000.00","0.4"',
    '"MSET (10 keys)","1000.00","0.4"',
    "",
  ].join("\n");

  it("is read by the name of the test, whatever it adds to it", () => {
    expect([rateIn(csv, "SET"), rateIn(csv, "GET"), rateIn(csv, "LPUSH")]).toEqual([51234.5, 60000, 3000]);
    expect([rateIn(csv, "LRANGE_100"), rateIn(csv, "MSET")]).toEqual([2000, 1000]);
  });

  it("without the test is an error, not a zero", () => {
    expect(() => rateIn('"test","rps"\n', "SET")).toThrow(/no rate for SET/);
    expect(() => rateIn('"LPUSH (needed to benchmark LRANGE)","9"\n', "LPUSH")).toThrow(/no rate for LPUSH/);
  });

  it("is asked for by name, with keys drawn at random only where told", () => {
    const options = { tests: ["SET", "LRANGE_100"] as const, pipeline: 16, requests: 1000 };
    const plain = "-c 50 -d 100 -P 16 -n 1000 -t set,lrange_100 --csv";
    expect(benchmarkArguments(options).join(" ")).toBe(plain);
    const random = benchmarkArguments({ ...options, randomKeys: 50 }).join(" ");
    expect(random).toBe(plain.replace("-t", "-r 50 -t"));
  });
});
