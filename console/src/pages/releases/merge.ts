/** Releases of several environments as one list, newest first, although each comes page by page. */
import type { Release } from '@/api/releases';

export interface Stream {
  readonly items: readonly Release[];
  readonly hasNext: boolean;
}

/** All that is surely in order: nothing older than the oldest loaded release of a stream that has more to come. */
export function merged(streams: readonly Stream[]): readonly Release[] {
  const horizon = streams.reduce((latest, { items, hasNext }) => {
    const oldest = hasNext ? items.at(-1)?.acknowledged_at : undefined;
    return oldest !== undefined && oldest > latest ? oldest : latest;
  }, '');
  return streams
    .flatMap(({ items }) => items)
    .filter(({ acknowledged_at: at }) => at >= horizon)
    .sort((a, b) => (a.acknowledged_at < b.acknowledged_at ? 1 : a.acknowledged_at > b.acknowledged_at ? -1 : b.number - a.number));
}

/** Releases per local day and environment, the days without any included; at most the last `most` days with something to show. */
export function perDay(releases: readonly Release[], environments: readonly string[], most = 60): { readonly days: readonly string[]; readonly counts: Readonly<Record<string, readonly number[]>> } {
  const dayOf = (at: string): string => {
    const moment = new Date(at);
    return `${moment.getFullYear()}-${String(moment.getMonth() + 1).padStart(2, '0')}-${String(moment.getDate()).padStart(2, '0')}`;
  };
  const found = releases.map((one) => [dayOf(one.acknowledged_at), one.environment] as const);
  const days = daysBetween(found.map(([day]) => day)).slice(-most);
  const counts: Record<string, number[]> = Object.fromEntries(environments.map((name) => [name, days.map(() => 0)]));
  for (const [day, environment] of found) {
    const at = days.indexOf(day);
    const row = counts[environment];
    if (at >= 0 && row) row[at] = (row[at] ?? 0) + 1;
  }
  return { days, counts };
}

function daysBetween(days: readonly string[]): readonly string[] {
  const sorted = [...days].sort();
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const found: string[] = [];
  // Noon, so that no change of the clocks skips or doubles a day.
  for (let at = Date.parse(`${first}T12:00:00Z`); at <= Date.parse(`${last}T12:00:00Z`); at += 86_400_000) found.push(new Date(at).toISOString().slice(0, 10));
  return found;
}
