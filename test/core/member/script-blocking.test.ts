/** Scripts and commands that block: a script never waits, and what it pushes wakes those who do, once it has ended. */
import { expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";

it("a script serves the clients that wait for what it pushes, once all of it has run", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const [pusher, popper] = [n1.connect(), n1.connect()];
  expect(n1.ask(popper, "BLPOP", "a", "b", "0")).toBe("");
  const script = "redis.call('RPUSH','a','1') redis.call('RPUSH','b','2') return redis.call('LLEN','a')";
  expect(n1.ask(pusher, "EVAL", script, "2", "a", "b")).toBe(":1\r\n");
  expect(n1.read(popper)).toBe("*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  expect([n1.ask(pusher, "LLEN", "a"), n1.ask(pusher, "LLEN", "b")]).toEqual([":0\r\n", ":1\r\n"]);
});

it.each([
  ["BLPOP", "x", "0"],
  ["BZPOPMIN", "x", "0"],
  ["BLMOVE", "a", "b", "LEFT", "LEFT", "0"],
  ["WAIT", "1", "0"],
])("a script may not call %s", (...argv) => {
  const n1 = new TestGroup().reign(1, "n1", ["n2", "n3"]);
  const call = `return redis.pcall(${argv.map((word) => `'${word}'`).join(",")})`;
  expect(n1.ask(n1.connect(), "EVAL", call, "0")).toBe(
    "-ERR This Redis command is not allowed from script\r\n",
  );
});

it.each([
  ["BLMPOP", "0", "1", "x", "LEFT"],
  ["BZMPOP", "0", "1", "x", "MIN"],
])("%s in a script answers at once that there is nothing", (...argv) => {
  const n1 = new TestGroup().reign(1, "n1", ["n2", "n3"]);
  const call = `return redis.call(${argv.map((word) => `'${word}'`).join(",")})`;
  expect(n1.ask(n1.connect(), "EVAL", call, "0")).toMatch(/^(\$-1|\*-1)\r\n$/);
});
