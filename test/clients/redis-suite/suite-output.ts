/**
 * Reads what the suite prints, line by line, into the outcome of each test of one unit, and how the run ended. Pure.
 * It needs the lines "[testing]: name" that `suite-copy.ts` adds.
 */
import { stripVTControlCharacters } from "node:util";

export interface TestOutcome {
  /** Tests of one name are told apart by their order: "name", "name (2)", ... */
  readonly name: string;
  /** What the suite said of the failure; `null` for a pass. */
  readonly failure: string | null;
}

type RunEnd =
  | { readonly kind: "done" }
  /** `test` is the one that was running, under its plain name; none when it happened between two. */
  | { readonly kind: "aborted"; readonly test: string | null; readonly message: string };

export interface UnitRun {
  readonly outcomes: readonly TestOutcome[];
  /** Settings that a block of tests asked for and the server refused. */
  readonly refused: readonly string[];
  readonly end: RunEnd;
}

// A test may print without a newline, so a status need not begin its line.
const STATUS = /\[(testing|ok|err|skip|ignore|refused|exception|ready|TIMEOUT|\d+\/\d+ done)\]: (.*)$/;
const THE_END = /^\s+The End$/;
const MESSAGE_LINES_MAX = 12;
const LAST_WORDS_MAX = 5;

export class SuiteOutput {
  readonly #outcomes: { name: string; failure: string | null }[] = [];
  readonly #refused: string[] = [];
  readonly #counts = new Map<string, number>();
  #running: string | null = null;
  #aborted: { test: string | null; message: string } | null = null;
  #done = false;
  /** Lines that belong to nothing: the only trace when the suite itself breaks. */
  #lastWords: string[] = [];
  /** Where the lines that follow belong: to the message of a failure or of the abort. */
  #more: ((line: string) => void) | null = null;

  /** The test that runs now. */
  get running(): string | null {
    return this.#running;
  }

  get finished(): number {
    return this.#outcomes.length;
  }

  line(raw: string): void {
    const line = stripVTControlCharacters(raw);
    const match = STATUS.exec(line);
    if (match === null) {
      if (THE_END.test(line)) this.#more = null;
      if (this.#more === null) this.#lastWords = [...this.#lastWords, line].slice(-LAST_WORDS_MAX);
      else this.#more(line);
      return;
    }
    this.#more = null;
    this.#status(match[1] ?? "", match[2] ?? "");
  }

  /** @param exit how the suite's process ended, for a run that broke off without a word. */
  end(exit: string): UnitRun {
    const message = `the suite ended: ${[exit, ...this.#lastWords].join("\n")}`;
    const aborted = this.#aborted ?? (this.#done ? null : { test: this.#running, message });
    return {
      outcomes: this.#outcomes.map(({ name, failure }) => ({ name, failure: failure?.trim() ?? null })),
      refused: this.#refused,
      end:
        aborted === null
          ? { kind: "done" }
          : { kind: "aborted", test: aborted.test, message: aborted.message.trim() },
    };
  }

  #status(status: string, text: string): void {
    switch (status) {
      case "testing":
        this.#running = text;
        return;
      case "ok":
        this.#finish(null);
        return;
      case "err":
        this.#finish("");
        this.#more = this.#appendTo(this.#outcomes[this.#outcomes.length - 1], "failure");
        return;
      case "skip":
        this.#numbered(text);
        return;
      case "refused":
        this.#refused.push(text);
        return;
      case "exception":
      case "TIMEOUT": {
        const message = status === "TIMEOUT" ? "no progress" : text.replace(/^Executing test client: /, "");
        this.#aborted ??= { test: this.#running, message };
        this.#more = this.#appendTo(this.#aborted, "message");
        return;
      }
      default:
        if (status.endsWith("done")) this.#done = true;
    }
  }

  #finish(failure: string | null): void {
    this.#outcomes.push({ name: this.#numbered(this.#running ?? "a test without a beginning"), failure });
    this.#running = null;
  }

  #numbered(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  }

  #appendTo<Field extends string>(
    target: { [field in Field]: string | null } | undefined,
    field: Field,
  ): (line: string) => void {
    let lines = 0;
    return (line) => {
      if (target === undefined || lines >= MESSAGE_LINES_MAX) return;
      lines += 1;
      target[field] = `${target[field] ?? ""}\n${line}`;
    };
  }
}
