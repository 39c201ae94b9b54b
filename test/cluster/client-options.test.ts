import { describe, expect, it } from "vitest";
import { ioredisOptionsFor, nodeRedisOptionsFor } from "../../cluster/client-options.ts";

const sentinels = [
  { host: "127.0.0.1", port: 26_379 },
  { host: "127.0.0.1", port: 26_380 },
];

describe("the options of stock clients", () => {
  it("of ioredis name the group, all sentinels and the password of both kinds", () => {
    expect(ioredisOptionsFor({ group: "g", sentinels, password: "open" })).toEqual({
      name: "g",
      sentinels,
      password: "open",
      sentinelPassword: "open",
    });
    expect(ioredisOptionsFor({ group: "g", sentinels, password: undefined })).toEqual({
      name: "g",
      sentinels,
    });
  });

  it("of node-redis name the same", () => {
    expect(nodeRedisOptionsFor({ group: "g", sentinels, password: "open" })).toEqual({
      name: "g",
      sentinelRootNodes: sentinels,
      nodeClientOptions: { password: "open" },
      sentinelClientOptions: { password: "open" },
    });
  });
});
