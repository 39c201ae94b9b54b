/** One number out of INFO's text. Pure. */
import { InterrexError } from "../src/base/errors.ts";

/** @throws InterrexError BAD_OUTPUT when INFO has no such field, or no number in it. */
export function infoNumber(info: string, name: string): number {
  const value = new RegExp(`^${name}:(\\d+)\\r?$`, "m").exec(info)?.[1];
  if (value !== undefined) return Number(value);
  throw new InterrexError("BAD_OUTPUT", `INFO gave no number for ${name}: ${info.slice(0, 200)}`);
}
