/**
 * Bounds what code may ask of Buffer, so that a length field that lies can't take the memory: counted, not timed, and
 * so the same on every run. A loop that reads a file again and again is found too, since each read asks for a buffer.
 */
import { Buffer } from "node:buffer";

const { alloc, allocUnsafe, allocUnsafeSlow } = Buffer;

/**
 * Runs `run` with at most `bytesMax` of buffers in total. One at a time: Buffer is everybody's.
 *
 * What would break the bound is not allocated; and it is an error at the end even if `run` swallows the one it gets.
 */
export async function withinBytes<Result>(
  bytesMax: number,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  let total = 0;
  let broken: Error | undefined;
  const metered =
    <Args extends unknown[]>(allocate: (size: number, ...args: Args) => Buffer) =>
    (size: number, ...args: Args): Buffer => {
      total += size;
      if (total > bytesMax) {
        broken ??= new Error(`${total} bytes of buffers were asked for, ${bytesMax} are enough`);
        throw broken;
      }
      return allocate.call(Buffer, size, ...args);
    };
  Object.assign(Buffer, {
    alloc: metered(alloc),
    allocUnsafe: metered(allocUnsafe),
    allocUnsafeSlow: metered(allocUnsafeSlow),
  });
  try {
    return await run();
  } finally {
    Object.assign(Buffer, { alloc, allocUnsafe, allocUnsafeSlow });
    // A swallowed violation is one all the same, and the bound's own error says more than what came of it.
    // biome-ignore lint/correctness/noUnsafeFinally: meant to replace whatever else was thrown
    if (broken !== undefined) throw broken;
  }
}
