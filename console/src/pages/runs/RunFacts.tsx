/** Facts of a run at the side, and the way to compare it. */
import { Select } from '@mantine/core';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { RunOut } from '@/api/schema';
import { Person } from '@/parts/Person';
import { dollars } from '@/parts/money';
import { Facts } from '@/parts/Page';
import { usePages } from '@/parts/Pages';
import { duration, Time } from '@/parts/Time';
import { strings } from '@/strings';
import { suiteName, tallies } from './results';
import own from './runs.module.css';

const words = strings.runs;

export function RunFacts({ project, run, compareWith }: { readonly project: string; readonly run: RunOut; readonly compareWith: (number: string) => void }) {
  const [other, setOther] = useState<string | null>(null);
  const { reused } = tallies(run);
  const others = usePages(projectKey(project, 'runs', 'of', run.path), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/runs', { params: { path: { project }, query: { path: run.path, limit: 50, cursor } } })));
  const choices = (others.items ?? []).filter(({ number }) => number !== run.number);
  return (
    <>
      <Facts title={words.facts}>
        <dl className={own.facts}>
          <dt>{words.when}</dt><dd><Time at={run.started_at ?? run.created_at} /></dd>
          <dt>{words.by}</dt><dd><Person name={run.created_by} /></dd>
          {run.started_at && run.ended_at && <><dt>{words.duration}</dt><dd>{duration(Date.parse(run.ended_at) - Date.parse(run.started_at))}</dd></>}
          <dt>{words.progress}</dt><dd>{words.ofCalls(run.ended, run.calls)}</dd>
          <dt>{words.cost}</dt><dd>{dollars(run.cost, run.unpriced)}</dd>
          <dt>{words.limitFact}</dt><dd>{run.max_cost === null ? words.noLimit : dollars(run.max_cost)}</dd>
          {run.repeat > 1 && <><dt>{words.repeat}</dt><dd>{run.repeat}</dd></>}
          {reused > 0 && <><dt>{words.stored}</dt><dd>{words.reused(reused)}</dd></>}
          {run.attempt > 1 && <><dt>{words.attempt}</dt><dd>{run.attempt}</dd></>}
        </dl>
        {run.problem && <p style={{ color: 'var(--bad)' }}>{run.problem}</p>}
      </Facts>
      <Facts title={words.suites}>
        <ul style={{ margin: 0, paddingLeft: 18 }}>{run.suites.map((suite) => <li key={suite.name} style={{ overflowWrap: 'anywhere' }}>{`${suiteName(suite.name)}: ${words.cases(suite.cases)}`}</li>)}</ul>
      </Facts>
      {choices.length > 0 && (
        <Facts title={words.compareTitle}>
          <Select
            aria-label={words.with} placeholder={words.compare} value={other} searchable
            onChange={(value) => { setOther(value); if (value) compareWith(value); }}
            data={choices.map((one) => ({ value: String(one.number), label: `${words.number(one.number)}, ${one.version === null ? words.draft : strings.common.version(one.version)}, ${one.targets.length === 1 ? one.targets[0]?.name ?? '' : words.targetsCount(one.targets.length)}` }))}
          />
        </Facts>
      )}
    </>
  );
}
