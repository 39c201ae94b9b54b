/** The harness itself: hosts reach each other, a cut loses packets without a word, healing brings them back, nothing stays. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { Network } from "../../cluster/hosts/namespaces.ts";
import { skipsNamespaces } from "./host-cluster.ts";

const PORT = 7000;
const ECHO = `require("node:net").createServer((s) => s.pipe(s)).listen(${PORT}, "0.0.0.0", () => console.log("ready"))`;
/** Prints what becomes of one connect: connected, silent (nothing within a second), or the error. */
const PROBE = `
  const socket = require("node:net").connect(${PORT}, process.argv[1]);
  const end = (word) => { console.log(word); process.exit(); };
  socket.on("connect", () => end("connected")).on("error", (error) => end(error.code));
  setTimeout(end, 1000, "silent");`;

async function probe(network: Network, from: string, to: string): Promise<string> {
  const child = network.host(from).spawn(process.execPath, ["-e", PROBE, network.host(to).address]);
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  await once(child, "close");
  return said.trim();
}

it.skipIf(skipsNamespaces())(
  "hosts that are cut off lose every packet silently until they are healed",
  async () => {
    const network = await Network.create(3);
    try {
      for (const host of network.hosts) {
        const server = host.spawn(process.execPath, ["-e", ECHO]);
        if (server.stdout !== null) await once(server.stdout, "data");
      }
      expect(await probe(network, "a", "b")).toBe("connected");

      await network.cutOff("a");
      expect(await probe(network, "a", "b")).toBe("silent");
      expect(await probe(network, "b", "a")).toBe("silent");
      expect(await probe(network, "b", "c")).toBe("connected");

      await network.heal();
      await network.blockOneWay("b", "c");
      expect(await probe(network, "b", "c")).toBe("silent");
      expect(await probe(network, "b", "a")).toBe("connected");

      await network.heal();
      expect(await probe(network, "a", "b")).toBe("connected");
      expect(await probe(network, "b", "c")).toBe("connected");

      // The test itself is a client that no cut of others touches.
      const client = connect(PORT, network.host("c").address);
      await once(client, "connect");
      client.destroy();
    } finally {
      await network.close();
    }
    const subnet = network.host("a").address.replace(/\d+$/, "");
    expect(execFileSync("ip", ["route"], { encoding: "utf8" })).not.toContain(subnet);
  },
);
