/** How many releases there were on each day, by environment. */
import { useQueries } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Waiting } from '@/parts/Page';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import { perDay } from './perDay';

const StackedDays = lazy(() => again(() => import('@/parts/chart/StackedDays')).then((chart) => ({ default: chart.StackedDays })));
const DAYS = 14;

export function ReleaseChart({ project, environments }: { readonly project: string; readonly environments: readonly string[] }) {
  const answers = useQueries({
    queries: environments.map((environment) => ({
      queryKey: projectKey(project, 'releases', 'chart', environment),
      queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases', { params: { path: { project, environment }, query: { limit: 100 } } })),
    })),
    combine: (all) => all.map(({ data: page }) => page?.items.map((one) => one.acknowledged_at) ?? null),
  });
  const ready = answers.every((one) => one !== null);
  // As text, so that the chart is drawn anew only when something changed.
  const text = JSON.stringify([environments, answers.map((one) => one ?? [])]);
  const shown = useMemo(() => {
    const [names, moments] = JSON.parse(text) as [string[], string[][]];
    const { days, counts } = perDay(moments, new Date(), DAYS);
    return { days, counts: Object.fromEntries(names.map((name, at) => [name, counts[at] ?? []])) };
  }, [text]);
  if (!ready) return <Waiting lines={5} />;
  return <Suspense fallback={<Waiting lines={5} />}><StackedDays label={strings.home.project.releasesLabel} dayHead={strings.home.project.day} days={shown.days} counts={shown.counts} /></Suspense>;
}
