/** INTERREX_PASSWORD, and what a process makes of it that has a file of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask } from "../../cluster/chaos/look.ts";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import { type BuiltCommand, startBuilt } from "./built-command.ts";

let dir: string;
let ports: readonly number[];
const started: BuiltCommand[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "interrex-password-"));
  ports = await takeFreePorts("127.0.0.1", 2);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const command of started.splice(0)) {
    command.process.kill("SIGKILL");
    await command.exited;
  }
  giveBackPorts(ports);
  rmSync(dir, { recursive: true });
});

const KINDS = ["node", "sentinel"] as const;

/** How one of `kind` answers a PING that comes with `password`. */
async function start(kind: (typeof KINDS)[number], file: string, ...flags: string[]) {
  const [port = 0, peerPort = 0] = ports;
  const own = { id: "m1", port, peerPort, dataDir: null };
  const one =
    kind === "node" ? { static: { role: "master" } } : { sentinels: [{ id: "m1", url: urlOf(peerPort) }] };
  const groups = kind === "node" ? {} : { groups: [{ name: "g", nodes: [{ id: "n1", url: urlOf(1) }] }] };
  const path = join(dir, `${kind}.yaml`);
  const content = Object.entries({ ...own, ...one, ...groups }).map(
    ([key, value]) => `${key}: ${JSON.stringify(value)}\n`,
  );
  writeFileSync(path, content.join("") + file);
  const command = startBuilt([kind, "--config", path, "--json", ...flags], dir);
  started.push(command);
  await command.firstLine;
  return (password?: string) => ask({ host: "127.0.0.1", port }, password, "PING").catch(String);
}

function urlOf(peerPort: number): string {
  return `ws://127.0.0.1:${peerPort}`;
}

describe.each(KINDS)("an exported password and a %s", (kind) => {
  it("gives way to the file's", async () => {
    vi.stubEnv("INTERREX_PASSWORD", "old");
    const ping = await start(kind, "password: new\n");
    expect(await ping("new")).toBe("PONG");
    expect(await ping("old")).toContain("WRONGPASS");
  });

  it("stands in where the file has none", async () => {
    vi.stubEnv("INTERREX_PASSWORD", "exported");
    const ping = await start(kind, "");
    expect(await ping("exported")).toBe("PONG");
    expect(await ping()).toContain("NOAUTH");
  });

  it("gives way to the flag's, which wins over the file", async () => {
    vi.stubEnv("INTERREX_PASSWORD", "old");
    const ping = await start(kind, "password: new\n", "--password", "flag");
    expect(await ping("flag")).toBe("PONG");
  });

  it("counts as none when it is empty", async () => {
    vi.stubEnv("INTERREX_PASSWORD", "");
    expect(await (await start(kind, ""))()).toBe("PONG");
  });
});
