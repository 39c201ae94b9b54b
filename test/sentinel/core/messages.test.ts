import { describe, expect, it } from "vitest";
import { parseSentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { SentinelId } from "../../../src/base/ids.ts";
import { nodeMessageSchemas } from "../../../src/protocol/peer/schema.ts";
import { sentinelMessageSchemas } from "../../../src/protocol/peer/sentinel-schema.ts";
import { settledWorld } from "./world.ts";

const schemas = { ...nodeMessageSchemas, ...sentinelMessageSchemas };

describe("what a sentinel says and saves", () => {
  it("fits the schemas, word for word, through a failover, maintenance and a switchover", () => {
    const world = settledWorld();
    world.kill(world.masterId());
    world.until("another master", () => world.promotions.length === 2 && world.settled(), 500);
    world.operator("s3", { type: "pause", group: "mymaster" });
    world.run(50);
    world.operator("s2", { type: "switchover", group: "mymaster" });
    world.run(500);
    const types = new Set<string>();
    for (const { message } of world.sent) {
      types.add(message.type);
      const schema = schemas[message.type as keyof typeof schemas];
      expect(schema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message);
    }
    for (const type of Object.keys(sentinelMessageSchemas)) expect(types, type).toContain(type);
    for (const id of world.sentinelIds()) {
      const state = world.disk(id);
      expect(parseSentinelState(JSON.parse(JSON.stringify(state)), id as SentinelId)).toEqual(state);
    }
  });

  it("the state of another sentinel is refused by name", () => {
    const state = settledWorld().disk("s1");
    expect(() => parseSentinelState(state, "s2" as SentinelId)).toThrow("belongs to sentinel s1");
    expect(() => parseSentinelState({ format: 9 }, "s1" as SentinelId)).toThrow("Cannot read the state");
  });
});
