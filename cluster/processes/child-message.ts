/** What a child process of `interrex up` tells its parent over the IPC channel. The parent sends nothing back. */

export type ChildMessage =
  | { readonly type: "ready"; readonly port: number; readonly peerPort: number }
  /** It could not start; `message` is the one line that it also wrote to stderr. */
  | { readonly type: "refused"; readonly message: string };

/** @returns `undefined` for anything that is no `ChildMessage`. */
export function asChildMessage(value: unknown): ChildMessage | undefined {
  const message = value as Partial<ChildMessage> | null;
  return message?.type === "ready" || message?.type === "refused" ? (message as ChildMessage) : undefined;
}
