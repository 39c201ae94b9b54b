// Stands for `interrex node` or `sentinel` in tests of the process handling: `node fake-member.mjs <behaviour>`.
const [behaviour] = process.argv.slice(2);
process.on("disconnect", () => process.exit());
switch (behaviour) {
  case "obeys":
    console.error(process.execArgv.join(" "));
    process.on("SIGTERM", () => process.exit(0));
    break;
  case "ignores":
    process.on("SIGTERM", () => {});
    break;
}
if (behaviour === "refuses") {
  process.send({ type: "refused", message: "Port 1 is in use" });
  process.disconnect();
  process.exitCode = 2;
} else if (behaviour === "crashes") {
  process.exit(3);
} else {
  process.send({ type: "ready", port: 1, peerPort: 2 });
}
