/**
 * Clients of other languages as Debian has them, each a small program in `writers` that writes what it is told to:
 * while their master is killed they lose nothing, and find its successor by themselves.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { lostWrites, WriteLoad } from "../cluster/redis-clients.ts";
import { inCI } from "../may-use.ts";
import { processScene, type UpCluster } from "../process/up-cluster.ts";
import { failOverUnder } from "./fail-over.ts";

const scene = processScene();
/** Before the fault, and after it; redis-cli is a process for each. */
const WRITES = 40;
/** Debian's own interpreters: another Python would not have Debian's redis. */
const WRITERS = [
  { client: "redis-cli", command: "bash", script: "redis-cli.sh", probe: ["redis-cli", "--version"] },
  {
    client: "python3-redis",
    command: "/usr/bin/python3",
    script: "python3-redis.py",
    probe: ["/usr/bin/python3", "-c", "import redis"],
  },
  {
    client: "php-redis",
    command: "/usr/bin/php",
    script: "php-redis.php",
    probe: ["/usr/bin/php", "-r", "exit(class_exists('RedisSentinel') ? 0 : 1);"],
  },
  {
    client: "ruby-redis",
    command: "/usr/bin/ruby",
    script: "ruby-redis.rb",
    probe: ["/usr/bin/ruby", "-r", "redis", "-e", ""],
  },
] as const;

/** Says why in one line. In CI nothing is skipped: there a missing package must fail the tests instead of hiding them. */
function skips({ client, probe: [command, ...args] }: (typeof WRITERS)[number]): boolean {
  if (inCI) return false;
  if (spawnSync(command, args).status === 0) return false;
  console.warn(`skipped: ${client} is not installed`);
  return true;
}

async function loadOf({ command, script }: (typeof WRITERS)[number], cluster: UpCluster): Promise<WriteLoad> {
  const sentinels = cluster.sentinels.map(({ host, port }) => `${host}:${port}`);
  const path = join(import.meta.dirname, "writers", script);
  const child = spawn(command, [path, cluster.group, ...sentinels], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn");
  // A broken pipe: the end of the output says it too.
  child.stdin.on("error", () => {});
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const set = async (key: string, value: string): Promise<void> => {
    child.stdin.write(`${key} ${value}\n`);
    const { done, value: answer } = await answers.next();
    if (done === true) throw new Error(`${script} has ended`);
    if (answer !== "OK") throw new Error(answer);
  };
  return new WriteLoad(set, () => end(child), { lanes: 1 });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, "exit");
}

for (const writer of WRITERS) {
  it.skipIf(skips(writer))(
    `${writer.client} finds the successor of a killed master, and loses nothing`,
    async () => {
      const cluster = await scene.up();
      const load = await scene.writing(loadOf(writer, cluster), WRITES);
      const next = await failOverUnder(cluster, load, WRITES);
      expect(await lostWrites(load, next)).toEqual([]);
    },
  );
}
