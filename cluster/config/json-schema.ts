/** JSON schemas of the configuration files, for editors. `config/*.schema.json` are these, kept equal by a test. */
import { z } from "zod";
import { nodeFileSchema } from "./node-file.ts";
import { sentinelFileSchema } from "./sentinel-file.ts";

export function nodeJsonSchema(): string {
  return render(nodeFileSchema, "interrex data node");
}

export function sentinelJsonSchema(): string {
  return render(sentinelFileSchema, "interrex sentinel");
}

const LINE_WIDTH = 110;

function render(schema: z.ZodType, title: string): string {
  // `input`: what a person writes, where whatever has a default may be left out.
  const text = JSON.stringify({ title, ...z.toJSONSchema(schema, { io: "input" }) }, null, 2);
  return `${foldShortLists(text)}\n`;
}

/** As the formatter of this repository writes JSON: lists of plain values on one line where they fit. */
function foldShortLists(text: string): string {
  return text.replace(/\[\n([^[\]{}]+)\n *\]/g, (whole, items: string, offset: number) => {
    const folded = `[${items.trim().replace(/\n */g, " ")}]`;
    const column = offset - text.lastIndexOf("\n", offset) - 1;
    return column + folded.length + 1 <= LINE_WIDTH ? folded : whole;
  });
}
