import { expect, it } from "vitest";
import { heapUsed } from "../../heap-used.ts";
import { Harness } from "./harness.ts";

it("a value that grows by many small additions costs little more than its bytes, though nobody reads it", () => {
  const harness = new Harness();
  const append = ["APPEND", "k", "x"];
  const before = heapUsed();
  // Not with the harness, which keeps all effects.
  for (let at = 0; at < 300_000; at += 1) harness.dispatcher.execute(harness.session, append);
  expect(heapUsed() - before).toBeLessThan(4 * 1024 * 1024);
  expect(harness.ask("GET k")).toBe("x".repeat(300_000));
});
