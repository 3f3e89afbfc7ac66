/** Counts by day, a bar each, stacked by name. Heavy: import it lazily outside of lazily loaded pages. */
import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import { Chart } from './Chart';

export interface StackedDaysProps {
  readonly label: string;
  /** Head of the table's column of days. */
  readonly dayHead: string;
  readonly days: readonly string[];
  /** By name one count a day. Must be stable between renders, or the chart is drawn anew. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

export function StackedDays({ label, dayHead, days, counts }: StackedDaysProps) {
  const option = useMemo((): EChartsOption => ({
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12 },
    xAxis: { type: 'category', data: [...days], axisTick: { show: false } },
    yAxis: { type: 'value', minInterval: 1 },
    series: Object.entries(counts).map(([name, data]) => ({ name, type: 'bar' as const, stack: 'all', data: [...data], barMaxWidth: 28 })),
  }), [days, counts]);
  const names = Object.keys(counts);
  const rows = days.map((day, at) => [day, ...names.map((name) => counts[name]?.[at] ?? 0)]).reverse();
  return <Chart label={label} option={option} height={220} table={{ head: [dayHead, ...names], rows }} />;
}
