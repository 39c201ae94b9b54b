/** A client's replies on their way out: in order, whole, and in pieces that V8 handles cheaply. */
import { describe, expect, it } from "vitest";
import { Client, REPLY_PIECE_BYTES } from "../../src/core/client.ts";
import { ClientSession } from "../../src/core/session.ts";

function newClient(): Client {
  return new Client(new ClientSession({ id: 1, address: "a:1", localAddress: "b:2", createdAtMs: 0 }));
}

describe("what may go out of a client's replies", () => {
  it("is one piece as long as it is small", () => {
    const client = newClient();
    for (const reply of ["+OK\r\n", ":1\r\n"]) client.reply(reply);
    expect(client.readyBytes).toBe(9);
    expect(client.takeReady()).toEqual(["+OK\r\n:1\r\n"]);
    expect(client.readyBytes).toBe(0);
    expect(client.takeReady()).toEqual([]);
  });

  it("is pieces of the size that is written cheaply, cut between replies, in order", () => {
    const client = newClient();
    const replies = Array.from({ length: 20 }, (_, at) => String(at % 10).repeat(REPLY_PIECE_BYTES / 4 + at));
    for (const reply of replies) client.reply(reply);
    expect(client.readyBytes).toBe(replies.join("").length);
    const pieces = client.takeReady();
    expect(pieces.join("")).toBe(replies.join(""));
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(REPLY_PIECE_BYTES);
  });

  it("keeps one long reply whole, apart from what is around it", () => {
    const client = newClient();
    const long = "x".repeat(3 * REPLY_PIECE_BYTES);
    for (const reply of ["+OK\r\n", long, ":1\r\n"]) client.reply(reply);
    expect(client.takeReady()).toEqual(["+OK\r\n", long, ":1\r\n"]);
  });
});
