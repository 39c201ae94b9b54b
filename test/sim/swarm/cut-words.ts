/** A partition in words: who no longer reaches whom. Pure. */

type Pair = readonly [from: string, to: string];

/** `n1 client1 | n2 n3 s1` for both ways, `n1 > s1 s2` where only what the first says is lost. */
export function cutWords(pairs: readonly Pair[]): string {
  const keys = new Set(pairs.map(([from, to]) => `${from} ${to}`));
  const both = pairs.filter(([from, to]) => keys.has(`${to} ${from}`));
  const oneWay = pairs.filter(([from, to]) => !keys.has(`${to} ${from}`));
  const parts = [...grouped(both, " | ", new Set()), ...grouped(oneWay, " > ", new Set())];
  return parts.join("; ") || "nobody";
}

/** Those who are cut off from the same ones are named together. */
function grouped(pairs: readonly Pair[], sign: string, said: Set<string>): string[] {
  const lost = new Map<string, string[]>();
  for (const [from, to] of pairs) lost.set(from, [...(lost.get(from) ?? []), to]);
  const sides = new Map<string, string[]>();
  for (const [from, others] of lost) {
    const key = others.sort().join(" ");
    sides.set(key, [...(sides.get(key) ?? []), from]);
  }
  return [...sides].flatMap(([others, side]) => {
    const mine = side.sort().join(" ");
    // Both ways, the other side would say the same once more.
    if (said.has(`${others}${sign}${mine}`)) return [];
    said.add(`${mine}${sign}${others}`);
    return [`${mine}${sign}${others}`];
  });
}
