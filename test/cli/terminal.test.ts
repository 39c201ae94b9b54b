import { describe, expect, it } from "vitest";
import { withSpinner } from "../../cli/spinner.ts";
import { layOut } from "../../cli/table.ts";
import { paint } from "../../cli/terminal.ts";
import { recordedTerminal } from "./recorded-terminal.ts";

describe("a terminal", () => {
  it("gets colours only when it wants them", () => {
    expect(paint({ colours: false }, "red", "down")).toBe("down");
    expect(paint({ colours: true }, "red", "down")).toBe("\u001b[31mdown\u001b[39m");
  });

  it("gets a table whose columns line up, colours or not", () => {
    const rows = [
      ["NODE", "STATE", "NOTE"],
      ["n1", paint({ colours: true }, "green", "up"), "far"],
    ];
    expect(layOut(rows)).toEqual(["NODE  STATE  NOTE", "n1    \u001b[32mup\u001b[39m     far"]);
  });
});

describe("the spinner", () => {
  it("says nothing where nobody watches", async () => {
    const terminal = recordedTerminal();
    expect(await withSpinner(terminal, "waiting", async () => 7)).toBe(7);
    expect(terminal.stdout + terminal.stderr).toBe("");
  });

  it("clears its line when the work is done, and when it fails", async () => {
    const terminal = recordedTerminal({ live: true });
    await withSpinner(terminal, "waiting", async () => {});
    expect(terminal.stderr).toMatch(/^\r.*waiting\r.*$/);
    expect(terminal.stderr.endsWith("\r\u001b[2K")).toBe(true);
    const failing = recordedTerminal({ live: true });
    const work = withSpinner(failing, "waiting", () => Promise.reject(new Error("no")));
    await expect(work).rejects.toThrow("no");
    expect(failing.stderr.endsWith("\r\u001b[2K")).toBe(true);
  });
});
