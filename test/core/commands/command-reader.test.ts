import { describe, expect, it } from "vitest";
import { InvariantError } from "../../../src/base/errors.ts";
import { CommandReader } from "../../../src/core/commands/command-reader.ts";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { RecentName } from "../../../src/protocol/resp/recent-name.ts";

const reader = (text: string, end = text.length): CommandReader =>
  new CommandReader(Buffer.from(text, "latin1"), 0, end);

describe("the reader of a record's effects", () => {
  it("gives the commands as they were encoded", () => {
    const commands = reader(encodeCommand(["SET", "k", "a\r\nb"]) + encodeCommand(["DEL", ""]));
    expect(commands.next()).toEqual(["SET", "k", "a\r\nb"]);
    expect(commands.next()).toEqual(["DEL", ""]);
    expect(commands.next()).toBeUndefined();
  });

  it.each([
    ["a length beyond the bytes", "*1\r\n$65535\r\n\r\n"],
    ["a count beyond the bytes, before it makes room for it", "*30000000\r\n$1\r\na\r\n"],
    ["a count that no array can have", "*99999999999\r\n$1\r\na\r\n"],
    ["a command without a name", "*0\r\n"],
    ["something that is no command", "PING\r\n"],
  ])("stops the process at %s", (_name, text) => {
    expect(() => reader(text).next()).toThrow(InvariantError);
  });

  it("tells names of one length, or beginning, apart from the one before", () => {
    const commands = ["SET", "GET", "SETEX", "SET", "SE", "SET"].map((name) => [name, "a"]);
    const recent = new RecentName();
    for (const argv of commands) {
      const bytes = Buffer.from(encodeCommand(argv), "latin1");
      expect(new CommandReader(bytes, 0, bytes.length, recent).next()).toEqual(argv);
    }
    const together = commands.map(encodeCommand).join("");
    const one = reader(together);
    expect(commands.map(() => one.next())).toEqual(commands);
  });

  it("stops the process where a command goes on behind the record's end", () => {
    const text = encodeCommand(["SET", "k", "value"]);
    expect(() => reader(text + text, text.length - 1).next()).toThrow(InvariantError);
  });
});
