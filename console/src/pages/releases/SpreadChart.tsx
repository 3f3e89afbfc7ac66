/** How long releases took until the last running application had them. */
import { useQueries } from '@tanstack/react-query';
import type { EChartsOption } from 'echarts';
import { useMemo } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Chart } from '@/parts/chart/Chart';
import { Waiting } from '@/parts/Page';
import { duration } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;

export function SpreadChart({ project, environments }: { readonly project: string; readonly environments: readonly string[] }) {
  const { loaded, pending } = useQueries({
    queries: environments.map((environment) => ({
      queryKey: projectKey(project, 'followers', environment, 'spread-history'),
      queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/spread-history', { params: { path: { project, environment }, query: { limit: 60 } } })),
    })),
    combine: (found) => ({ loaded: found.map((each) => each.data ?? null), pending: found.some(({ isPending }) => isPending) }),
  });
  const rows = useMemo(
    () => environments.flatMap((environment, at) => (loaded[at]?.items ?? []).map((item) => ({ environment, ...item }))).filter(({ slowest_ms: slowest }) => slowest !== null).sort((a, b) => (a.acknowledged_at < b.acknowledged_at ? -1 : 1)),
    [environments, loaded],
  );
  const option = useMemo((): EChartsOption => ({
    tooltip: { trigger: 'item' },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12 },
    xAxis: { type: 'time' },
    yAxis: { type: 'value', axisLabel: { formatter: `{value} ${words.milliseconds}` }, splitLine: { lineStyle: { opacity: 0.25 } } },
    series: environments.map((name) => ({
      name, type: 'line' as const, showSymbol: true, symbolSize: 8,
      data: rows.filter(({ environment }) => environment === name).map(({ acknowledged_at: at, slowest_ms: slowest, number }) => ({ name: `r${number}`, value: [at, slowest ?? 0] })),
    })),
  }), [rows, environments]);
  if (pending) return <Waiting lines={4} />;
  if (rows.length === 0) return <p className={classes.soft}>{words.chartSpreadNone}</p>;
  const shown = (ms: number | null): string => (ms === null ? '–' : duration(ms));
  return (
    <Chart
      label={words.chartSpread} option={option} height={220}
      table={{
        head: [words.environment, words.release, words.applications, words.slowest, words.nearlyAll, words.half],
        rows: [...rows].reverse().map((row) => [row.environment, `r${row.number}`, row.applied, shown(row.slowest_ms), shown(row.p99_ms), shown(row.p50_ms)]),
      }}
    />
  );
}
