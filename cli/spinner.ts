/** Shows that something is under way, on a live terminal only. Says nothing in a log or a pipe. */
import type { Terminal } from "./terminal.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
const CLEAR_LINE = "\r\u001b[2K";

/** Runs `work` with `text` spinning beside it; the line is gone when it returns. */
export async function withSpinner<Result>(
  terminal: Terminal,
  text: string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!terminal.live) return work();
  let frame = 0;
  const draw = (): void => {
    terminal.err(`${CLEAR_LINE}${FRAMES[frame++ % FRAMES.length]} ${text}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    terminal.err(CLEAR_LINE);
  }
}
