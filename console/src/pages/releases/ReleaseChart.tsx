/** Releases per day, stacked by environment. */
import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import type { Release } from '@/api/releases';
import { Chart } from '@/parts/chart/Chart';
import { strings } from '@/strings';
import { perDay } from './merge';

const words = strings.releases;

export function ReleaseChart({ releases, environments }: { readonly releases: readonly Release[]; readonly environments: readonly string[] }) {
  const { days, counts } = useMemo(() => perDay(releases, environments), [releases, environments]);
  const option = useMemo((): EChartsOption => ({
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12 },
    xAxis: { type: 'category', data: [...days], axisTick: { show: false } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { opacity: 0.25 } } },
    series: environments.map((name) => ({ name, type: 'bar' as const, stack: 'all', data: [...(counts[name] ?? [])], barMaxWidth: 28 })),
  }), [days, counts, environments]);
  const rows = days.map((day, at) => [day, ...environments.map((name) => counts[name]?.[at] ?? 0)]).reverse();
  return <Chart label={words.chartOverTime} option={option} height={220} table={{ head: [words.day, ...environments], rows }} />;
}
