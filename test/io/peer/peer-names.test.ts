import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../../src/io/logger.ts";
import { PeerNames } from "../../../src/io/peer/peer-names.ts";
import { RateLimitedLog } from "../../../src/io/peer/rate-limited-log.ts";
import { startPeer } from "./network-kit.ts";

const FIRST: LookupAddress[] = [{ address: "10.0.0.1", family: 4 }];
const SECOND: LookupAddress[] = [{ address: "fd00::2", family: 6 }];

type Answer = (error: NodeJS.ErrnoException | null, addresses?: readonly LookupAddress[]) => void;

/** Names whose resolver answers when the test says so. */
class Questions {
  readonly open: Answer[] = [];
  readonly logged: Record<string, unknown>[] = [];
  readonly names: PeerNames;

  constructor() {
    const destination = { write: (line: string) => void this.logged.push(JSON.parse(line)) };
    const log = createLogger({ level: "warn", id: "s1", destination });
    this.names = new PeerNames(new RateLimitedLog(log), (_name, _options, answer) => {
      this.open.push(answer);
    });
  }

  ask(name = "n2.example"): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.names.lookup(name, { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses);
        else reject(error);
      });
    });
  }

  answer(addresses: readonly LookupAddress[]): void {
    this.open.shift()?.(null, addresses);
  }

  fail(code: string): void {
    this.open.shift()?.(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
  }

  async know(addresses: readonly LookupAddress[]): Promise<void> {
    const asked = this.ask();
    this.answer(addresses);
    await asked;
  }
}

describe("names of peers", () => {
  it("asks for a name once at a time, however many dials wait for it", async () => {
    const questions = new Questions();
    const dials = [questions.ask(), questions.ask(), questions.ask()];
    const other = questions.ask("n3.example");
    expect(questions.open).toHaveLength(2);
    questions.answer(FIRST);
    questions.answer(SECOND);
    expect(await Promise.all([...dials, other])).toEqual([FIRST, FIRST, FIRST, SECOND]);
  });

  it("gives one address where one is asked for", async () => {
    const questions = new Questions();
    const told = new Promise((resolve) => {
      questions.names.lookup("n2.example", {}, (error, ...address) => resolve([error, ...address]));
    });
    questions.answer(SECOND);
    expect(await told).toEqual([null, "fd00::2", 6]);
  });

  it("gives the last addresses while the resolver is silent, and the new ones once it has answered", async () => {
    const questions = new Questions();
    await questions.know(FIRST);
    expect(await questions.ask()).toEqual(FIRST);
    expect(await questions.ask()).toEqual(FIRST);
    expect(questions.open).toHaveLength(1);
    questions.answer(SECOND);
    expect(await questions.ask()).toEqual(SECOND);
  });

  it("gives the last addresses where nobody could be asked, and says so; not for a name that is gone", async () => {
    const questions = new Questions();
    await questions.know(FIRST);
    const unasked = questions.ask();
    questions.fail("EAI_AGAIN");
    expect(await unasked).toEqual(FIRST);
    expect(questions.logged).toMatchObject([
      { event: "peer-unresolved", host: "n2.example", lastAddresses: ["10.0.0.1"] },
    ]);
    const gone = questions.ask();
    questions.fail("ENOTFOUND");
    await expect(gone).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("a target whose name can't be resolved is named in the log", async () => {
    const n1 = await startPeer("n1");
    n1.network.setTargets([{ kind: "node", id: "n2", url: "ws://n2.invalid:16379" }]);
    expect(await n1.log("peer-unresolved")).toMatchObject({ level: "warn", host: "n2.invalid" });
  });
});
