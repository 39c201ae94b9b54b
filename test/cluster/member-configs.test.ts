import { describe, expect, it } from "vitest";
import type { ClusterOptions } from "../../cluster/cluster-options.ts";
import { memberConfigs, portsNeeded } from "../../cluster/member-configs.ts";

function secretsOf(options: ClusterOptions): (string | null)[] {
  const ports = Array.from({ length: portsNeeded(options) }, (_, index) => 20_000 + index);
  const { nodes, sentinels } = memberConfigs(options, ports);
  return [...nodes, ...sentinels].map(({ peerSecret }) => peerSecret);
}

describe("the members' configurations", () => {
  it.each([{}, { peerSecret: undefined } as unknown as ClusterOptions])(
    "share a secret of their own when %j names none",
    (options) => {
      const secrets = new Set([...secretsOf(options), ...secretsOf(options)]);
      expect(secrets.size).toBe(2);
      for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it("share the secret that they are given", () => {
    expect(new Set(secretsOf({ peerSecret: "sesame" }))).toEqual(new Set(["sesame"]));
  });
});
