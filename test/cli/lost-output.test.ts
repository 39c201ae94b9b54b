/** Answers that can't be written, as the built command sees it. Needs `npm run build` first. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
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
