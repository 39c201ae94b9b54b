/** Durations as people read them. */

/** `250 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return pair(minutes, 60, "h", "min");
  return pair(Math.round(minutes / 60), 24, "d", "h");
}

function pair(small: number, size: number, bigUnit: string, smallUnit: string): string {
  const rest = small % size;
  return `${Math.floor(small / size)} ${bigUnit}${rest === 0 ? "" : ` ${rest} ${smallUnit}`}`;
}
