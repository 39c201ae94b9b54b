/**
 * The types for those who `require` the library. They are those of the ES module; what is a value as well is named here once more,
 * since TypeScript lets a CommonJS file take only types from an ES module.
 */
import type * as library from "./start-cluster.js" with { "resolution-mode": "import" };

export type * from "./start-cluster.js" with { "resolution-mode": "import" };

export declare const startCluster: typeof library.startCluster;
export declare const Cluster: typeof library.Cluster;
export type Cluster = library.Cluster;
export declare const InterrexError: typeof library.InterrexError;
export type InterrexError = library.InterrexError;
