/** The machine that scripts run on is changed where Redis's Lua differs: nobody else who uses fengari in this process may notice. */
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import "../../../src/core/scripting/dialect.ts";
import { fengari } from "../../../src/core/scripting/fengari.ts";

const require = createRequire(import.meta.url);

it("is a copy of its own", () => {
  const names = Object.keys(fengari) as (keyof typeof fengari)[];
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(require(`fengari/src/${name}.js`)).not.toBe(fengari[name]);
});
