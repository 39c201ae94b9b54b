import { expect, it } from "vitest";
import { nodeFileSchema, toNodeConfig } from "../../cluster/config/node-file.ts";
import { validate } from "../../cluster/config/validate.ts";
import { createLogger } from "../../src/io/logger.ts";
import { refuseUnprotected, warnOfClientsLeftOut } from "../../src/node/client-access.ts";
import type { NodeConfig } from "../../src/node/node-config.ts";

function configOf(flags: Readonly<Record<string, unknown>>): NodeConfig {
  return toNodeConfig(validate(nodeFileSchema, { file: null, flags: { id: "n1", ...flags } }));
}

/** The events that are logged at the start. */
function warned(config: NodeConfig, clientsMax = 10_000): string[] {
  const lines: string[] = [];
  const log = createLogger({ id: "n1", level: "info", destination: { write: (line) => lines.push(line) } });
  warnOfClientsLeftOut(config, clientsMax, log);
  return lines.map((line) => JSON.parse(line).event);
}

it.each([
  [{ host: "127.0.0.1" }, []],
  [{ host: "::1" }, []],
  [{ host: "localhost" }, []],
  [{ host: "10.0.0.1" }, ["protected-mode"]],
  [{ host: "0.0.0.0", announceHost: "10.0.0.1" }, ["protected-mode"]],
  [{ host: "10.0.0.1", password: "secret" }, []],
])("of a node with %o is said at its start: %o", (flags, events) => {
  expect(warned(configOf(flags))).toEqual(events);
});

it("says that the limit of open files allows fewer clients than asked for", () => {
  expect(warned(configOf({ clientsMax: 10_000 }), 800)).toEqual(["clients-limited"]);
});

it("serves everyone with a password, and loopback alone without", () => {
  const open = configOf({});
  for (const address of ["127.0.0.1:5000", "127.9.9.9:5000", "[::1]:5000", "[::ffff:127.0.0.1]:5000"]) {
    expect(refuseUnprotected(open, address)).toBeNull();
  }
  for (const address of ["10.0.0.1:5000", "[fd00::1]:5000", "[::ffff:10.0.0.1]:5000"]) {
    expect(refuseUnprotected(open, address)).toMatch(/^-DENIED .* Set `password` in node\.yaml/);
    expect(refuseUnprotected(configOf({ password: "secret" }), address)).toBeNull();
  }
});
