/** A master and a replica without sentinels: asynchronous, told by flags who they are, no failover. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { giveBackPorts, takeFreePorts } from "../../cluster/free-ports.ts";
import { startBuilt } from "../cli/built-command.ts";
import { type Address, ask, equalDigests, eventually } from "../cluster/redis-clients.ts";
import { processScene } from "./up-cluster.ts";

const scene = processScene();

it("a static replica follows its static master through the death of either", async () => {
  const directory = scene.directory();
  const ports = await takeFreePorts("127.0.0.1", 4);
  const [masterPort, masterPeerPort, replicaPort, replicaPeerPort] = ports.map(String);
  const start = async (id: string, port = "", peerPort = "", ...role: string[]) => {
    const own = ["--id", id, "--port", port, "--peer-port", peerPort, "--data-dir", join(directory, id)];
    const command = startBuilt(["node", "--json", ...own, ...role], directory);
    const kill = async (): Promise<void> => {
      command.process.kill("SIGKILL");
      await command.exited;
    };
    scene.keep({ [Symbol.asyncDispose]: kill });
    const address = JSON.parse(await command.firstLine) as Address;
    return { ...address, kill };
  };
  const startMaster = () => start("n1", masterPort, masterPeerPort, "--master");
  const startReplica = () =>
    start("n2", replicaPort, replicaPeerPort, "--replicaof", `n1=ws://127.0.0.1:${masterPeerPort}`);

  const [master, replica] = await Promise.all([startMaster(), startReplica()]);
  expect(await ask(master, "SET", "first", "1")).toBe("OK");
  const has = (node: Address, key: string): Promise<true> =>
    eventually(
      async () => (await ask(node, "EXISTS", key)) === 1 || undefined,
      () => `${key} at ${node.port}`,
    );
  await has(replica, "first");
  expect(await ask(replica, "ROLE")).toEqual([
    "slave",
    "127.0.0.1",
    master.port,
    "connected",
    expect.any(Number),
  ]);
  expect(await ask(replica, "INFO", "replication")).toContain(
    `master_host:127.0.0.1\r\nmaster_port:${master.port}\r\n`,
  );
  await expect(ask(replica, "SET", "a", "1")).rejects.toThrow("READONLY");

  await replica.kill();
  expect(await ask(master, "SET", "second", "1")).toBe("OK");
  const replicaAgain = await startReplica();
  await has(replicaAgain, "second");

  await master.kill();
  expect(await ask(replicaAgain, "GET", "second")).toBe("1");
  const masterAgain = await startMaster();
  expect(await ask(masterAgain, "SET", "third", "1")).toBe("OK");
  await has(replicaAgain, "third");
  await equalDigests([masterAgain, replicaAgain]);
  giveBackPorts(ports);
});
