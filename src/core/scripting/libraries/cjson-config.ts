/** What a script may set of its cjson. It lasts until that script ends. */

export interface CjsonConfig {
  encodeInvalidNumbers: "on" | "off" | "null";
  decodeInvalidNumbers: boolean;
  encodeMaxDepth: number;
  decodeMaxDepth: number;
  encodeNumberPrecision: number;
  encodeKeepBuffer: boolean;
  sparseConvert: boolean;
  sparseRatio: number;
  sparseSafe: number;
}

export function defaultCjsonConfig(): CjsonConfig {
  return {
    encodeInvalidNumbers: "off",
    decodeInvalidNumbers: true,
    encodeMaxDepth: 1000,
    decodeMaxDepth: 1000,
    encodeNumberPrecision: 14,
    encodeKeepBuffer: true,
    sparseConvert: false,
    sparseRatio: 2,
    sparseSafe: 10,
  };
}
