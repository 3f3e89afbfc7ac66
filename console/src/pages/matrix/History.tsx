/** How a prompt did on a target over time: the share of calls that passed, from its runs. */
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chart } from '@/parts/chart/Chart';
import { Facts } from '@/parts/Page';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { useMemo } from 'react';
import { percent } from './shape';
import { useRunsOf } from './useMatrix';

const words = strings.matrix;
const HEAD = [words.run, words.share, words.when];

export function History({ project, path, target }: { readonly project: string; readonly path: string; readonly target: string }) {
  const { items } = useRunsOf(project, path);
  const points = useMemo(
    () =>
      (items ?? []).flatMap((run) => {
        const found = run.targets.find(({ name }) => name === target);
        const told = found ? found.passed + found.failed + found.errors : 0;
        return run.ended_at === null || !found || told === 0 ? [] : [{ number: run.number, at: run.ended_at, share: found.passed / told }];
      }).reverse(),
    [items, target],
  );
  const option = useMemo(
    () => ({
      grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
      xAxis: { type: 'category' as const, data: points.map(({ number }) => String(number)) },
      yAxis: { type: 'value' as const, min: 0, max: 100, axisLabel: { formatter: '{value} %' } },
      series: [{ type: 'line' as const, step: 'end' as const, symbolSize: 8, data: points.map(({ share }) => Math.round(share * 100)) }],
    }),
    [points],
  );
  if (points.length < 2) return null;
  return (
    <Facts title={words.history}>
      <p style={{ margin: 0, color: 'var(--ink-soft)', fontSize: 13 }}>{words.historyHelp}</p>
      <Chart
        label={`${words.history}: ${path}, ${target}`} option={option} height={140}
        table={{ head: HEAD, rows: points.map(({ number, at, share }) => [<AppLink key="run" href={links.run(project, number)}>{number}</AppLink>, percent(share), <Time key="at" at={at} />]) }}
      />
    </Facts>
  );
}
