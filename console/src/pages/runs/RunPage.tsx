/** One test run: progress while it goes on, cases by target, what each answered, and beside another run. */
import { Button, Checkbox, Group, Menu, Progress } from '@mantine/core';
import { IconDownload, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { useCan } from '@/api/session';
import type { RunOut } from '@/api/schema';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { AppLink } from '@/parts/AppLink';
import { VersionChip } from '@/parts/Chip';
import { dollars } from '@/parts/money';
import { useAddressQuery } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { CaseDrawer } from './CaseDrawer';
import { CompareRuns } from './CompareRuns';
import { ResultGrid } from './ResultGrid';
import { isLive, rowsOf } from './results';
import { RunFacts } from './RunFacts';
import { RunState } from './RunState';
import { useResults, useRun } from './useRun';
import own from './runs.module.css';

const words = strings.runs;

export function RunPage() {
  const project = useProject();
  const { number: text } = useParams({ strict: false });
  const number = Number(text);
  const [query, setQuery] = useAddressQuery();
  const run = useRun(project, number);
  const live = run.data !== undefined && isLive(run.data);
  const results = useResults(project, number, live);
  const may = useCan('test:run', run.data ? `${project}/${run.data.path}` : project);
  const refresh = (changed: RunOut): void => {
    queries.setQueryData(projectKey(project, 'runs', 'one', number), changed);
    void queries.invalidateQueries({ queryKey: projectKey(project, 'runs', 'list') });
  };
  const where = { params: { path: { project, number } } };
  const cancel = useMutation({ mutationFn: () => data(api.POST('/api/v1/projects/{project}/runs/{number}/cancel', where)), onSuccess: refresh });
  const resume = useMutation({ mutationFn: () => data(api.POST('/api/v1/projects/{project}/runs/{number}/resume', where)), onSuccess: refresh });
  if (!run.data) return <Page title={words.number(number)}>{run.error ? <Refusal fault={run.error} onRetry={() => void run.refetch()} /> : <Waiting />}</Page>;
  const { data: shown } = run;
  const denied = may?.allowed === false;
  const rows = rowsOf(results.items ?? []);
  const chosen = rows.find((row) => row.name === query.case && (query.suite === undefined || row.suite === query.suite));
  return (
    <Page
      title={words.number(number)}
      chips={<><RunState run={shown} />{shown.version !== null && <VersionChip project={project} path={shown.path} version={shown.version} />}<AppLink href={links.prompt(project, shown.path, { tab: 'tests' })}>{shown.path}</AppLink></>}
      actions={
        <>
          {live && <Button variant="default" leftSection={<IconPlayerStop size={16} />} loading={cancel.isPending} disabled={denied || shown.cancel_asked} title={denied ? may.reason : undefined} onClick={() => cancel.mutate()}>{words.cancel}</Button>}
          {['cancelled', 'stopped', 'failed'].includes(shown.state) && <Button variant="default" loading={resume.isPending} disabled={denied} title={denied ? may.reason : undefined} onClick={() => resume.mutate()}>{words.resume}</Button>}
          <Downloads project={project} number={number} />
          <LinkButton leftSection={<IconPlayerPlay size={16} />} href={links.runs(project, { start: 1, prompt: shown.path, version: shown.version, targets: shown.targets.map(({ name }) => name).join(',') })}>{words.again}</LinkButton>
        </>
      }
      inspector={<RunFacts project={project} run={shown} compareWith={(other) => setQuery({ with: other, case: undefined, suite: undefined })} />}
    >
      <Refusal fault={cancel.error ?? resume.error} />
      {query.with ? <CompareRuns project={project} after={number} other={Number(query.with)} onBack={() => setQuery({ with: undefined, case: undefined, suite: undefined, target: undefined })} /> : (
        <>
          {live && <Live run={shown} />}
          <Targets run={shown} />
          <Refusal fault={results.error} onRetry={() => void results.refetch()} />
          <Group justify="space-between" mb={8}>
            <Checkbox size="sm" label={words.onlyFailing} checked={query.failing === '1'} onChange={(event) => setQuery({ failing: event.currentTarget.checked ? '1' : undefined })} />
            {results.hasNextPage && <span className={own.soft} role="status">{words.loadingMore(results.items?.length ?? 0)}</span>}
          </Group>
          {results.isPending ? <Waiting /> : (
            <ResultGrid
              rows={rows} targets={shown.targets.map(({ name }) => name)} onlyFailing={query.failing === '1'} chosen={chosen} highlight={query.target}
              onOpen={(row, target) => setQuery({ case: row.name, suite: row.suite, target })}
            />
          )}
          <CaseDrawer project={project} number={number} row={chosen} only={query.target} onAll={() => setQuery({ target: undefined })} onClose={() => setQuery({ case: undefined, suite: undefined, target: undefined })} />
        </>
      )}
    </Page>
  );
}

function Live({ run }: { readonly run: RunOut }) {
  return (
    <div role="status" style={{ marginBottom: 20 }}>
      <Group justify="space-between" mb={6}>
        <strong>{run.cancel_asked ? words.cancelling : words.ofCalls(run.ended, run.calls)}</strong>
        <span className={own.soft}>{`${words.costSoFar}: ${dollars(run.cost, run.unpriced)}`}</span>
      </Group>
      <Progress value={(100 * run.ended) / Math.max(1, run.calls)} aria-label={words.progress} />
    </div>
  );
}

function Targets({ run }: { readonly run: RunOut }) {
  return (
    <div className={own.targets}>
      {run.targets.map((target) => (
        <div key={target.name} className={own.target}>
          <strong>{target.name}</strong>
          <span className={own.soft}>{target.model}</span>
          <div>{`${target.passed} / ${target.calls} ${words.passed}`}{target.skipped > 0 && `, ${target.skipped} ${words.cellStates.skipped}`}{target.errors > 0 && `, ${target.errors} ${words.cellStates.error}`}</div>
          <span className={own.soft}>{`${strings.testing.cost}: ${dollars(target.cost, target.unpriced)}`}{target.reused > 0 && `, ${words.reused(target.reused)}`}</span>
        </div>
      ))}
    </div>
  );
}

function Downloads({ project, number }: { readonly project: string; readonly number: number }) {
  const at = (format: string): string => `/api/v1/projects/${encodeURIComponent(project)}/runs/${number}/report?format=${format}`;
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} />}>{words.download}</Button></Menu.Target>
      <Menu.Dropdown>
        {(['html', 'junit', 'json'] as const).map((format) => <Menu.Item key={format} component="a" href={at(format)} download>{words[format]}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}
