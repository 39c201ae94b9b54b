/** A process that serves nothing; told to stop, it does so in the way that its argument says. Needs `npm run build` first. */
import { errorText, exitCodeOf } from "../../dist/cli/exit.js";
import { serve } from "../../dist/cli/serve.js";

const [way] = process.argv.slice(2);
const address = { host: "127.0.0.1", port: 1 };
let fail = () => {};
const WAYS = {
  cleanly: async () => {},
  "failing meanwhile": async () => fail(new Error("EIO: an append")),
  "with an error": async () => {
    throw new Error("EIO: the last sync");
  },
};

try {
  const start = async ({ onFailed }) => {
    fail = onFailed;
    return { address, peerAddress: address, stop: WAYS[way], kill: () => {} };
  };
  // Nothing else keeps this process alive.
  const alive = setInterval(() => {}, 1000);
  await serve(start, () => console.log("ready"));
  clearInterval(alive);
} catch (error) {
  process.stderr.write(errorText(error));
  process.exit(exitCodeOf(error));
}
