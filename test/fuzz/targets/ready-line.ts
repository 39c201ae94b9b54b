/** What `interrex chaos --cluster-json` reads. */
import fc from "fast-check";
import { parseReadyLine, processesOf } from "../../../cluster/chaos/ready-line.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

const process = (id: string, port: number) => ({
  id,
  host: "127.0.0.1",
  port,
  peerPort: port + 10_000,
  pid: port,
  config: `/data/${id}/x.yaml`,
});
const LINE = {
  event: "ready",
  group: "mymaster",
  master: "n1",
  nodes: [process("n1", 6379), process("n2", 6380)],
  sentinels: [process("s1", 26_379)],
};

const inputs = fc.oneof(
  { weight: 1, arbitrary: garbageBytes.map((bytes) => bytes.toString()) },
  {
    weight: 3,
    arbitrary: byteChange().map((change) => change(Buffer.from(JSON.stringify(LINE))).toString()),
  },
  { weight: 4, arbitrary: jsonChange.map((change) => change(LINE)) },
);

function check(text: string): Outcome {
  try {
    const ready = parseReadyLine(text, "up.json");
    for (const { pid, port, id } of processesOf(ready, "main.js")) {
      require(Number.isSafeInteger(pid) && Number(pid) > 0, "a pid is one process, never a group of them");
      require(Number.isInteger(port) && port >= 1 && port <= 65_535, "a port can be dialled");
      require(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id), "an id is a file's name");
    }
    same(parseReadyLine(JSON.stringify(ready), "up.json"), ready, "it reads back");
    return "decoded";
  } catch (error) {
    require(error instanceof Error && error.message.length <= 1000, "a message is short");
    return refusal(error, "BAD_CONFIG");
  }
}

export const readyLine: FuzzTarget = fuzzTarget("ready-line", inputs, check);
