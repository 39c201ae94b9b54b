/** Configuration files for one test each, in a temporary directory of its own, and what is refused of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { loadNodeConfig, loadSentinelConfig } from "../../../cluster/config/load-config.ts";
import { InterrexError } from "../../../src/base/errors.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "interrex-config-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** A path in the directory; nothing need be there. */
export function inDirectory(name: string): string {
  return join(dir, name);
}

/** @returns its path. */
export function fileOf(content: string): string {
  const path = inDirectory("some.yaml");
  writeFileSync(path, content);
  return path;
}

/** What `load` refuses with, the temporary directory left out. */
export function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (!(error instanceof InterrexError)) throw error;
    expect(error.code).toBe("BAD_CONFIG");
    expect(error.message).not.toContain("\n");
    return error.message.replaceAll(`${dir}/`, "");
  }
  return "nothing was refused";
}

export function nodeRefusal(content: string, flags: Record<string, unknown> = {}): string {
  return refusal(() => loadNodeConfig({ path: fileOf(content), flags }));
}

export const SENTINEL = `id: s1
sentinels:
  - { id: s1, url: "ws://127.0.0.1:36379" }
  - { id: s2, url: "ws://127.0.0.1:36380" }
  - { id: s3, url: "ws://127.0.0.1:36381" }
groups:
  - name: mymaster
    nodes:
      - { id: n1, url: "ws://127.0.0.1:16379" }
      - { id: n2, url: "ws://127.0.0.1:16380" }
      - { id: n3, url: "ws://127.0.0.1:16381" }
`;

export function sentinelRefusal(change: (content: string) => string): string {
  return refusal(() => loadSentinelConfig({ path: fileOf(change(SENTINEL)) }));
}
