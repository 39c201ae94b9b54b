/** What a real redis-sentinel says of its own commands. It watches nothing and keeps its file in a directory of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../free-port.ts";

/** Asks while it runs, and stops it. */
export async function withRedisSentinel<Result>(use: (client: Redis) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "interrex-redis-sentinel-"));
  const config = join(directory, "sentinel.conf");
  writeFileSync(config, "bind 127.0.0.1\n");
  const port = await freePort();
  const child = spawn("redis-server", [config, "--sentinel", "--port", String(port)], { stdio: "ignore" });
  const exited = once(child, "exit");
  // It dials anew until the process listens.
  const client = new Redis({ host: "127.0.0.1", port, enableReadyCheck: false, retryStrategy: () => 20 });
  client.on("error", () => {});
  try {
    return await Promise.race([
      use(client),
      exited.then(([code]) => {
        throw new Error(`redis-sentinel ended with ${code}`);
      }),
    ]);
  } finally {
    client.disconnect();
    child.kill();
    await exited;
    rmSync(directory, { recursive: true });
  }
}
