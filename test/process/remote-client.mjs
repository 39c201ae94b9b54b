// A Redis client on another host: `node remote-client.mjs HOST PORT PASSWORD`. The parent sends {id, key, value} over the
// IPC channel, and gets {id, error} back once the write is acknowledged (error null) or has failed.
import { Redis } from "ioredis";

const [host, port, password] = process.argv.slice(2);
const redis = new Redis({
  host,
  port: Number(port),
  password,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => 20,
});
redis.on("error", () => {});
process.on("disconnect", () => process.exit());
process.on("message", ({ id, key, value }) => {
  redis.set(key, value).then(
    () => process.send({ id, error: null }),
    (error) => process.send({ id, error: error.message }),
  );
});
