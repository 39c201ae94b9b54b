/** Reads RESP2 replies from latin1 text, whole ones only. Knows no commands. */
export type Reply =
  | { readonly type: "simple" | "error" | "bulk"; readonly text: string }
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "null" }
  | { readonly type: "array"; readonly items: readonly Reply[] };

/** @returns the reply at `at` and where the next one begins; `null` while it is not whole. */
export function readReply(text: string, at: number): { readonly reply: Reply; readonly end: number } | null {
  const lineEnd = text.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const line = text.slice(at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (text[at]) {
    case "+":
      return { reply: { type: "simple", text: line }, end };
    case "-":
      return { reply: { type: "error", text: line }, end };
    case ":":
      return { reply: { type: "integer", value: Number(line) }, end };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: { type: "null" }, end };
      if (text.length < end + length + 2) return null;
      return { reply: { type: "bulk", text: text.slice(end, end + length) }, end: end + length + 2 };
    }
    case "*":
      return readItems(text, end, Number(line));
    default:
      throw new Error(`no RESP2 reply: ${JSON.stringify(text.slice(at, at + 40))}`);
  }
}

function readItems(
  text: string,
  at: number,
  count: number,
): { readonly reply: Reply; readonly end: number } | null {
  if (count < 0) return { reply: { type: "null" }, end: at };
  const items: Reply[] = [];
  let end = at;
  while (items.length < count) {
    const item = readReply(text, end);
    if (item === null) return null;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: { type: "array", items }, end };
}
