import { describe, expect, it } from "vitest";
import type { StartId } from "../../../src/base/ids.ts";
import { Answerer, Dialler, parseHello } from "../../../src/io/peer/handshake.ts";
import { PEER_PROTOCOL_VERSION } from "../../../src/protocol/peer/identity.ts";

const LONG_ID = "n".repeat(1024);
const node = (id: string) => ({ kind: "node" as const, id, startId: "p1" as StartId });

describe("the peer handshake", () => {
  it("tells the dialler why it is refused, also when both names are as long as any", () => {
    const answerer = new Answerer({ self: node(`${LONG_ID.slice(1)}x`), secret: null });
    const target = { kind: "node" as const, id: LONG_ID, url: "ws://127.0.0.1:1" };
    const dialler = new Dialler({ self: node("n2"), secret: null }, target, "link");
    const { hello, challengeNonce } = dialler.hello(Buffer.from(answerer.challenge()));
    const { reply, refused } = answerer.answer(parseHello(Buffer.from(JSON.stringify(hello))), () => null);
    expect(refused).toContain("was dialled, this is");
    expect(() => dialler.welcomed(Buffer.from(reply), hello, challengeNonce)).toThrow(String(refused));
  });

  it("says where a frame breaks it, without repeating the frame", () => {
    const hello = {
      type: "hello",
      version: PEER_PROTOCOL_VERSION,
      purpose: "link",
      identity: { kind: "node", id: 7 },
    };
    expect(() => parseHello(Buffer.from(JSON.stringify(hello)))).toThrow(
      "what was said breaks the peer handshake at identity.id",
    );
    expect(() => parseHello(Buffer.from("[]"))).toThrow("the peer handshake at its beginning");
  });
});
