/** Releases per day, stacked by environment. */
import { useMemo } from 'react';
import type { Release } from '@/api/releases';
import { StackedDays } from '@/parts/chart/StackedDays';
import { strings } from '@/strings';
import { perDay } from './merge';

const words = strings.releases;

export function ReleaseChart({ releases, environments }: { readonly releases: readonly Release[]; readonly environments: readonly string[] }) {
  const { days, counts } = useMemo(() => perDay(releases, environments), [releases, environments]);
  return <StackedDays label={words.chartOverTime} dayHead={words.day} days={days} counts={counts} />;
}
