/** Which errors of ioredis mean that nothing happened; all others leave it open. */
import { expect, it } from "vitest";
import { outcomeOfError } from "../../cluster/chaos/outcome.ts";

it.each([
  "READONLY You can't write against a read only replica.",
  "NOREPLICAS Not enough good replicas to write.",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  "LOADING Redis is loading the dataset in memory",
  "EXECABORT Transaction discarded because of previous errors.",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "connect ECONNREFUSED 127.0.0.1:6379",
])("definitely not executed: %s", (message) => {
  expect(outcomeOfError(new Error(message))).toBe("failed");
});

it.each([
  "Command timed out",
  "Connection is closed.",
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
  "UNCERTAIN not confirmed in time; it may or may not survive",
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
  "read ECONNRESET",
  "ERR something new",
])("may have been executed: %s", (message) => {
  expect(outcomeOfError(new Error(message))).toBe("indeterminate");
});

it("does not take a mistake of the workload for a fault of the server", () => {
  expect(() => outcomeOfError(new TypeError("client.sett is not a function"))).toThrow(TypeError);
});
