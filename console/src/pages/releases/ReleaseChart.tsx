/** Releases per day, stacked by environment. */
import { useMemo } from 'react';
import type { Release } from '@/api/releases';
import { StackedDays } from '@/parts/chart/StackedDays';
import { dayAndMonth } from '@/parts/Time';
import { strings } from '@/strings';
import { perDay } from './merge';

const words = strings.releases;

export function ReleaseChart({ releases, environments }: { readonly releases: readonly Release[]; readonly environments: readonly string[] }) {
  const { days, counts } = useMemo(() => {
    const found = perDay(releases, environments);
    return { ...found, days: found.days.map(dayAndMonth) };
  }, [releases, environments]);
  return <StackedDays label={words.chartOverTime} dayHead={words.day} days={days} counts={counts} />;
}
