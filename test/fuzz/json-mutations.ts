/**
 * JSON made wrong where it hurts: any value replaced by a hostile one, keys dropped or added, lists made long. Works on the
 * value, so that what comes out is still JSON and gets past the parser.
 */
import fc from "fast-check";

/** Written as they stand: some have no value in JavaScript. */
const HOSTILE = [
  "null",
  "true",
  "-1",
  "-0",
  "1.5",
  "1e999",
  "-1e999",
  "9007199254740993",
  "281474976710656",
  "18446744073709551616",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"a\\nb"',
  "[]",
  "{}",
  "[null]",
  '{"__proto__":1}',
  '{"length":1e9}',
  // From here on too long to be put into a long list.
  `"${"x".repeat(3000)}"`,
  `${"[".repeat(2000)}${"]".repeat(2000)}`,
];
const SHORT = HOSTILE.length - 2;

interface Edit {
  readonly pick: number;
  readonly kind: "replace" | "drop" | "add" | "lengthen" | "copy";
  readonly hostile: number;
  readonly other: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  pick: fc.nat({ max: 1_000_000 }),
  kind: fc.constantFrom("replace", "replace", "replace", "drop", "add", "lengthen", "copy"),
  hostile: fc.nat({ max: HOSTILE.length - 1 }),
  other: fc.nat({ max: 1_000_000 }),
});

type Holder = Record<string, unknown> | unknown[];

/** Every place in `root` that holds a value, as who holds it and under which key. */
function places(root: Holder): [Holder, string][] {
  const found: [Holder, string][] = [];
  const open: Holder[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const [key, value] of Object.entries(holder)) {
      found.push([holder, key]);
      if (typeof value === "object" && value !== null) open.push(value as Holder);
    }
  }
  return found;
}

const marker = (hostile: number): string => `@@${hostile}@@`;

function applyEdit(root: Holder, { pick, kind, hostile, other }: Edit): void {
  const all = places(root);
  const [holder, key] = all[pick % all.length] as [Holder, string];
  const values = holder as Record<string, unknown>;
  switch (kind) {
    case "replace":
      values[key] = marker(hostile);
      return;
    case "drop":
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete values[key];
      return;
    case "add":
      if (Array.isArray(holder)) holder.push(marker(hostile));
      else values[`extra${other % 10}`] = marker(hostile);
      return;
    case "lengthen":
      if (Array.isArray(values[key]))
        values[key] = Array.from({ length: 1200 }, () => marker(hostile % SHORT));
      return;
    case "copy": {
      const [from, under] = all[other % all.length] as [Holder, string];
      values[key] = structuredClone((from as Record<string, unknown>)[under]);
    }
  }
}

/** @returns the text of `value` with a few edits; none leaves it as it is. */
export type JsonChange = (value: unknown) => string;

export const jsonChange: fc.Arbitrary<JsonChange> = fc.array(edit, { maxLength: 3 }).map((edits) => {
  const change: JsonChange = (value) => {
    const root = { value: JSON.parse(JSON.stringify(value)) as unknown };
    for (const one of edits) if (places(root).length > 0) applyEdit(root, one);
    const text = JSON.stringify(root.value) ?? "";
    return text.replaceAll(/"@@(\d+)@@"/g, (_, hostile) => HOSTILE[Number(hostile)] ?? "");
  };
  return Object.assign(change, { [fc.toStringMethod]: () => fc.stringify(edits) });
});
