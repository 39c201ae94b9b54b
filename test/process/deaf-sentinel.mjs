// Loaded before the processes of a cluster: its sentinels hang once they are told to stop.
if (process.argv[2] === "sentinel") {
  process.on("SIGTERM", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
}
