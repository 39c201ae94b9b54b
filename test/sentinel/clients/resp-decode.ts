/** Reads whole RESP2 and RESP3 replies back into values, strictly: anything left over or malformed throws. */

export class ReplyError extends Error {}
export class Push {
  readonly items: readonly Decoded[];
  constructor(items: readonly Decoded[]) {
    this.items = items;
  }
}
export type Decoded = string | number | null | ReplyError | Push | Decoded[] | Map<string, Decoded>;

export function decodeReplies(text: string): Decoded[] {
  const replies: Decoded[] = [];
  let at = 0;
  const line = (): string => {
    const end = text.indexOf("\r\n", at);
    if (end < 0) throw new Error(`no line end after ${JSON.stringify(text.slice(at))}`);
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  const take = (length: number): string => {
    const found = text.slice(at, at + length);
    if (text.slice(at + length, at + length + 2) !== "\r\n") throw new Error("wrong bulk length");
    at += length + 2;
    return found;
  };
  const list = (count: number): Decoded[] => Array.from({ length: count }, value);
  function value(): Decoded {
    const head = line();
    const rest = head.slice(1);
    switch (head[0]) {
      case "+":
        return rest;
      case "-":
        return new ReplyError(rest);
      case ":":
        return Number(rest);
      case "$":
        return rest === "-1" ? null : take(Number(rest));
      case "=":
        return take(Number(rest)).slice(4);
      case "*":
        return rest === "-1" ? null : list(Number(rest));
      case ">":
        return new Push(list(Number(rest)));
      case "%": {
        const entries = list(Number(rest) * 2);
        const map = new Map<string, Decoded>();
        for (let i = 0; i < entries.length; i += 2) map.set(String(entries[i]), entries[i + 1] ?? null);
        return map;
      }
      case "_":
        return null;
      default:
        throw new Error(`unknown reply type ${JSON.stringify(head)}`);
    }
  }
  while (at < text.length) replies.push(value());
  return replies;
}
