import { expect, it } from "vitest";
import { AskingClient, startLoneMaster } from "./lone-master.ts";

it("CONFIG tells after how much silence a client that is gone is looked for, and that this is fixed", async () => {
  const client = await AskingClient.open(await startLoneMaster());
  expect(await client.ask("CONFIG SET tcp-keepalive 300")).toBe("+OK");
  expect(await client.ask("CONFIG SET tcp-keepalive 60")).toContain("can't set immutable config");
  const before = client.raw.received.length;
  const told = "*2\r\n$13\r\ntcp-keepalive\r\n$3\r\n300\r\n";
  client.raw.send("CONFIG GET tcp-keepalive\r\n");
  expect((await client.raw.receives(before + told.length)).slice(before)).toBe(told);
});
