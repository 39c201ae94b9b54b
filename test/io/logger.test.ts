import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLogger, type LoggerOptions } from "../../src/io/logger.ts";

function lines(
  options: Partial<LoggerOptions>,
  use: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const written: string[] = [];
  const destination = { write: (line: string) => written.push(line) };
  use(createLogger({ level: "info", id: "n1", destination, ...options }));
  return written;
}

describe("logger", () => {
  it("writes one JSON line for each event, with its owner and its error", () => {
    const [line, ...rest] = lines({}, (log) => {
      log.debug({ event: "hidden" }, "below the level");
      const err = new Error("outer", { cause: new Error("inner") });
      log.child({ group: "mymaster" }).warn({ event: "+odown", err }, "master is down");
    });
    expect(rest).toEqual([]);
    expect(JSON.parse(String(line))).toMatchObject({
      level: "warn",
      id: "n1",
      group: "mymaster",
      event: "+odown",
      msg: "master is down",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      err: { message: expect.stringContaining("inner") },
    });
  });

  it("writes for people when asked to", () => {
    const [line] = lines({ pretty: true }, (log) => log.info({ event: "ready" }, "listening"));
    expect(line).toMatch(/INFO.*listening/);
  });

  it("writes to a descriptor", () => {
    const directory = mkdtempSync(join(tmpdir(), "interrex-log-"));
    const path = join(directory, "n1.log");
    const fd = openSync(path, "a");
    createLogger({ level: "info", id: "n1", destination: fd }).fatal({ event: "failed" }, "the node stops");
    closeSync(fd);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ level: "fatal", event: "failed" });
    rmSync(directory, { recursive: true });
  });

  it.skipIf(!existsSync("/dev/full"))("loses lines on a full disk, and goes on", () => {
    const fd = openSync("/dev/full", "a");
    const log = createLogger({ level: "info", id: "n1", destination: fd });
    log.info({ event: "one" }, "does not fit");
    log.warn({ event: "two" }, "nor does this");
    log.fatal({ event: "failed" }, "nor the last word");
    closeSync(fd);
  });

  it("is silent when told so", () => {
    expect(lines({ level: "silent" }, (log) => log.fatal({ event: "x" }, "x"))).toEqual([]);
  });
});
