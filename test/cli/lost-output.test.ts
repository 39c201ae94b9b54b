/** Answers that can't be written, as the built command sees it. Needs `npm run build` first. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { freePort } from "../free-port.ts";
import { MAIN } from "./built-command.ts";

const FULL = "/dev/full";
const TOLD =
  "interrex: The answer can't be written to standard output: ENOSPC: no space left on device, write\n";

async function onFullDisk(...args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const full = openSync(FULL, "w");
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  if (child.stderr === null) throw new Error("stderr is a pipe");
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code, stderr };
}

describe.runIf(existsSync(FULL))("an answer for which there is no room", () => {
  it("is an error in one line", async () => {
    expect(await onFullDisk("--version")).toEqual({ code: 1, stderr: TOLD });
  });

  it("ends a node in order, of which nobody has learnt that it runs", async () => {
    const port = String(await freePort());
    const ports = ["--port", port, "--peer-port", String(await freePort())];
    const { code, stderr } = await onFullDisk(
      "node",
      "--id",
      "n1",
      "--master",
      "--memory-only",
      "--json",
      ...ports,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(TOLD);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

it("a reader that has gone is no error", async () => {
  const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

/** @returns the end to write to of a pipe that takes nothing more, and what gives it up. */
function fullPipe(): { end: number; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "interrex-pipe-"));
  const path = join(dir, "log");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(reader, "x");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  const end = openSync(path, "w");
  return {
    end,
    remove: () => {
      for (const fd of [reader, end]) closeSync(fd);
      rmSync(dir, { recursive: true });
    },
  };
}

it("a reader of the log that stands still keeps a node from nothing", async () => {
  const pipe = fullPipe();
  const ports = ["--port", String(await freePort()), "--peer-port", String(await freePort())];
  const args = ["node", "--id", "n1", "--master", "--memory-only", "--json", ...ports];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", pipe.end] });
  try {
    if (child.stdout === null) throw new Error("stdout is a pipe");
    const [ready] = await once(child.stdout, "data");
    expect(JSON.parse(String(ready))).toMatchObject({ event: "ready" });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
    pipe.remove();
  }
});
