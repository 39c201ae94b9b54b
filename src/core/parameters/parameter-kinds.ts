/** How CONFIG SET reads a value: accepted spellings, bounds, and Redis's words for what is wrong. It sets nothing. */

/** The value as CONFIG GET then shows it, or why it is none. */
export type Reading = { readonly value: string } | { readonly reason: string };

export type ReadValue = (text: string) => Reading;

const MEMORY_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

const NO_INTEGER = "argument couldn't be parsed into an integer";

export function integerBetween(least: number, greatest: number): ReadValue {
  return (text) => {
    if (!/^-?(0|[1-9]\d{0,15})$/.test(text)) return { reason: NO_INTEGER };
    return bounded(Number(text), least, greatest);
  };
}

/** Bytes, with `kb`, `mb`, `gb` and their decimal relatives. */
export function memoryBetween(least: number, greatest: number): ReadValue {
  return (text) => {
    const bytes = parseMemory(text);
    return bytes === undefined
      ? { reason: "argument must be a memory value" }
      : bounded(bytes, least, greatest);
  };
}

/** Bytes, or a share of `maxmemory`. */
export const memoryOrPercent: ReadValue = (text: string): Reading => {
  if (!text.endsWith("%")) return memoryBetween(0, Number.MAX_SAFE_INTEGER)(text);
  const percent = text.slice(0, -1);
  if (!/^\d{1,9}$/.test(percent)) return { reason: "argument must be a memory or percent value" };
  if (Number(percent) > 100) return { reason: "percentage argument must be less or equal to 100" };
  return { value: text };
};

export const yesOrNo: ReadValue = (text: string): Reading => {
  const word = text.toLowerCase();
  return word === "yes" || word === "no" ? { value: word } : { reason: "argument must be 'yes' or 'no'" };
};

export function oneOf(words: readonly string[]): ReadValue {
  return (text) => {
    const word = text.toLowerCase();
    if (words.includes(word)) return { value: word };
    return { reason: `argument(s) must be one of the following: ${words.join(", ")}` };
  };
}

export const anyText: ReadValue = (text: string): Reading => ({ value: text });

/** @returns bytes, or `undefined` for what is no amount of memory. */
export function parseMemory(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,15})([a-z]{0,2})$/i.exec(text) ?? [];
  const factor = MEMORY_UNITS[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

function bounded(value: number, least: number, greatest: number): Reading {
  if (value >= least && value <= greatest) return { value: String(value) };
  return { reason: `argument must be between ${least} and ${greatest} inclusive` };
}
