import { describe, expect, it } from "vitest";
import { DURATION_FLAG_MS_MAX, durationFlag } from "../../cli/duration-flag.ts";
import { hostPortListFlag, priorityFlag } from "../../cli/flags.ts";

describe("a duration flag", () => {
  it.each([
    ["250ms", 250],
    ["1.5s", 1500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["40", 40],
    [String(DURATION_FLAG_MS_MAX), DURATION_FLAG_MS_MAX],
  ])("%s is %d ms", (text, ms) => {
    expect(durationFlag(text)).toBe(ms);
  });

  // A timer set for longer than it can wait fires at once, and one below 1 ms is no wait.
  it.each(["0", "0.0000001ms", "9".repeat(400), "600h", "5 s", "1e3", "-1s", ""])("refuses %s", (text) => {
    expect(() => durationFlag(text)).toThrow("Give a time from 1ms to 24 days");
  });
});

describe("an address flag", () => {
  it.each([
    ["127.0.0.1:26379", { host: "127.0.0.1", port: 26_379 }],
    ["[::1]:1", { host: "::1", port: 1 }],
    ["[fe80::1%eth0]:1", { host: "fe80::1%eth0", port: 1 }],
    ["my_host.local:65535", { host: "my_host.local", port: 65_535 }],
  ])("takes %s", (text, address) => {
    expect(hostPortListFlag(text, undefined)).toEqual([address]);
  });

  it.each(["[a b]:1", "[\0]:1", "a\nb:1", "a[b:1", "a:0", "a:65536", ":1", "a"])("refuses %j", (text) => {
    expect(() => hostPortListFlag(text, undefined)).toThrow("Give HOST:PORT");
  });
});

describe("a priority flag", () => {
  it("takes 1 and more, and says what stands for Redis's 0", () => {
    expect(priorityFlag("1")).toBe(1);
    expect(() => priorityFlag("0")).toThrow("for a node that is never promoted give --observer");
    expect(() => priorityFlag("-1")).toThrow("Give a whole number from 1 to 1000000");
  });
});
