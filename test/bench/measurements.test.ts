/** The measuring itself, on small servers that behave as told. */
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { measureLatency } from "../../bench/latency.ts";
import { rateIn } from "../../bench/throughput.ts";
import type { Endpoint } from "../../cluster/chaos/chaos-client.ts";

/** Answers each packet with the next reply of `replies`, over and over. */
async function withServer<Result>(
  reply: string,
  work: (target: Endpoint) => Promise<Result>,
): Promise<Result> {
  const server = createServer((socket) => {
    socket.on("data", () => (reply === "" ? socket.destroy() : socket.write(reply)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    return await work({ host: "127.0.0.1", port });
  } finally {
    server.close();
  }
}

describe("latency", () => {
  it("gives one time for each acknowledged write", async () => {
    const times = await withServer("+OK\r\n", (target) =>
      measureLatency({ target, samples: 20, waitForReplicas: 0 }),
    );
    expect(times).toHaveLength(20);
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  it("counts a write as acknowledged only when WAIT found a replica", async () => {
    const measure = (target: Endpoint) => measureLatency({ target, samples: 5, waitForReplicas: 1 });
    expect(await withServer("+OK\r\n:1\r\n", measure)).toHaveLength(5);
    await expect(withServer("+OK\r\n:0\r\n", measure)).rejects.toThrow(/:0/);
  });

  it("fails on an error reply, and on a server that goes away", async () => {
    const measure = (target: Endpoint) => measureLatency({ target, samples: 5, waitForReplicas: 0 });
    await expect(withServer("-NOREPLICAS Not enough\r\n", measure)).rejects.toThrow(/NOREPLICAS/);
    await expect(withServer("", measure)).rejects.toThrow(/closed the connection/);
  });
});

describe("redis-benchmark's output", () => {
  const csv = '"test","rps","avg_latency_ms"\n"SET","51234.50","0.5"\n"GET","60000.00","0.4"\n';

  it("is read by the name of the command", () => {
    expect([rateIn(csv, "SET"), rateIn(csv, "GET")]).toEqual([51234.5, 60000]);
  });

  it("without the command is an error, not a zero", () => {
    expect(() => rateIn('"test","rps"\n', "SET")).toThrow(/no rate for SET/);
  });
});
