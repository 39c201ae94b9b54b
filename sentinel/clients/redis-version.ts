/** The Redis version whose Sentinel this process speaks like; clients choose commands by it. */
export const REDIS_VERSION = "7.0.15";
