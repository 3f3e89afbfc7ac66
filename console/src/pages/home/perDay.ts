/** Moments counted by the viewer's days. */
const name = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** The last `length` days up to `now`, and for each list how many of its moments fall on each. */
export function perDay(lists: readonly (readonly string[])[], now: Date, length: number): { days: string[]; counts: number[][] } {
  const starts = Array.from({ length }, (_, at) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - (length - 1 - at)));
  const place = (at: Date): number => starts.findLastIndex((start) => at >= start);
  const counts = lists.map((moments) => {
    const row = starts.map(() => 0);
    for (const moment of moments) {
      const at = place(new Date(moment));
      if (at >= 0) row[at] = (row[at] ?? 0) + 1;
    }
    return row;
  });
  return { days: starts.map((start) => name.format(start)), counts };
}
