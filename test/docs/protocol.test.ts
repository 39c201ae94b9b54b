import { describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeMessageSchemas } from "../../src/protocol/peer/schema.ts";
import { sentinelMessageSchemas } from "../../src/protocol/peer/sentinel-schema.ts";
import { electionRules } from "../../src/rules/election-rules.ts";
import { replicationRules } from "../../src/rules/replication-rules.ts";
import { VOTE_REASONS } from "../../src/rules/vote-reason.ts";
import { codeWords, sectionOf, tableRows } from "./markdown.ts";

const PROTOCOL = "docs/protocol.md";

function fieldsOf(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) throw new Error("every message is an object");
  return Object.keys(schema.shape);
}

function namesIn(section: string): string[] {
  return tableRows(section).map(([cell = ""]) => cell.replaceAll("`", ""));
}

describe("docs/protocol.md", () => {
  const messages = sectionOf(PROTOCOL, "Messages");
  const schemas = Object.entries<z.ZodType>({ ...nodeMessageSchemas, ...sentinelMessageSchemas });

  it.each(schemas)("describes %s with all its fields", (type, schema) => {
    const row = tableRows(messages).find(([name]) => name === `\`${type}\``) ?? [];
    const described = codeWords(row.slice(1).join(" "));
    expect(described).toEqual(expect.arrayContaining(fieldsOf(schema).filter((field) => field !== "type")));
  });

  it("describes every field of a node's status", () => {
    const pong: z.ZodType = nodeMessageSchemas.pong;
    const status = pong instanceof z.ZodObject ? pong.shape.status : null;
    const described = codeWords(sectionOf(PROTOCOL, "Node to sentinel"));
    expect(described).toEqual(expect.arrayContaining(fieldsOf(status)));
  });

  it("describes every rule and no other", () => {
    const [rules = ""] = sectionOf(PROTOCOL, "Rules").split("\n### ");
    expect(namesIn(rules).sort()).toEqual(Object.keys({ ...replicationRules, ...electionRules }).sort());
  });

  it("describes every reason for a vote and no other", () => {
    expect(namesIn(sectionOf(PROTOCOL, "Reasons for a vote")).sort()).toEqual([...VOTE_REASONS].sort());
  });
});
