/** What a world's sentinels have told an operator and their subscribers. */
import type { RefusalCode } from "../../../sentinel/core/outbox.ts";
import type { World } from "./world.ts";

/** The answer to an order, once it is there. */
export function answer(world: World, id: number): { ok: boolean; text: string; code: RefusalCode | null } {
  world.until("an answer", () => world.replies.has(id), 10_000);
  world.run(5);
  const given = world.replies.get(id);
  if (given === undefined) throw new Error("no answer");
  return given;
}

export function channels(world: World): string[] {
  return world.notices.map(({ notice }) => notice.channel);
}
