import { expect, it } from "vitest";
import { TestGroup } from "./test-group.ts";

it("PUBLISH on the master reaches the subscribers of a replica", () => {
  const group = new TestGroup();
  const n1 = group.reign(1, "n1", ["n2", "n3"]);
  const n2 = group.member("n2");
  const subscriber = n2.connect();
  n2.run(subscriber, "SUBSCRIBE", "news");
  n1.run(n1.connect(), "PUBLISH", "news", "hello");
  group.settle();
  expect(n2.read(subscriber)).toBe("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
});
