import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Whole clusters and real processes: one file at a time, after the rest, since each needs the machine for itself. */
const WHOLE_CLUSTERS = [
  "test/process/**",
  "test/cluster/**",
  "test/clients/**",
  "test/cli/**",
  "test/sentinel/*.test.ts",
];

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
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: WHOLE_CLUSTERS,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "clusters",
          include: WHOLE_CLUSTERS.map((place) => (place.endsWith(".ts") ? place : `${place}/*.test.ts`)),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
export default config;
