import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Whole clusters and real processes: one file at a time, after the rest, since each needs the machine for itself. */
const WHOLE_CLUSTERS = [
  "test/process/**",
  "test/cluster/**",
  "test/clients/**",
  "test/cli/**",
  "test/sentinel/*.test.ts",
];

/**
 * Tests of synchronous code that has no clock, socket or file: nothing of one is left for the next, so that they share their worker and
 * what it has loaded, which else takes a third of their time.
 */
const PURE = [
  "test/base/**",
  "test/rules/**",
  "test/protocol/**",
  "test/core/**",
  "test/sentinel/core/**",
].map((place) => `${place}/*.test.ts`);

const config: ViteUserConfig = defineConfig({
  test: {
    // Tests wait on events; the machine may be slow, so the limits are generous.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: PURE,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: [...PURE, ...WHOLE_CLUSTERS],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "clusters",
          include: WHOLE_CLUSTERS.map((place) => (place.endsWith(".ts") ? place : `${place}/*.test.ts`)),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
export default config;
