/** Test runs of a project, newest first, and starting one. */
import { Button, Progress, Select } from '@mantine/core';
import { IconFlask, IconPlayerPlay } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import type { RunOut } from '@/api/schema';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { PersonChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { dollars } from '@/parts/money';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { PromptPicker } from '@/parts/PromptPicker';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { RunState } from './RunState';
import { StartRun } from './StartRun';
import { tallies } from './results';
import { useListKeys } from './useListKeys';
import classes from '@/parts/parts.module.css';
import own from './runs.module.css';

const words = strings.runs;
const STATES = ['waiting', 'running', 'done', 'cancelled', 'stopped', 'failed'] as const;
const SHOWN_TARGETS = 3;

export function RunsPage() {
  const project = useProject();
  const go = useGo();
  const [query, setQuery] = useAddressQuery();
  const may = useCan('test:run', project);
  const state = STATES.find((known) => known === query.state);
  const runs = usePages(projectKey(project, 'runs', 'list', query.path, state), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/runs', { params: { path: { project }, query: { path: query.path, state, cursor } } })));
  const keys = useListKeys(runs.items?.length ?? 0, (at) => {
    const run = runs.items?.[at];
    if (run) go(links.run(project, run.number));
  });
  const start = <Button leftSection={<IconPlayerPlay size={16} />} disabled={may?.allowed === false} title={may?.allowed === false ? may.reason : undefined} onClick={() => setQuery({ start: '1' })}>{words.start}</Button>;
  return (
    <Page title={words.title} actions={start}>
      <div className={own.filters} role="group" aria-label={strings.common.filters}>
        <PromptPicker project={project} value={query.path ?? null} onChange={(path) => setQuery({ path: path ?? undefined })} />
        <Select label={words.state} clearable placeholder={words.any} data={STATES.map((value) => ({ value, label: words.states[value] ?? value }))} value={state ?? null} onChange={(value) => setQuery({ state: value ?? undefined })} />
        {(query.path ?? state) && <Button variant="subtle" onClick={() => setQuery({ path: undefined, state: undefined })}>{strings.common.clearFilters}</Button>}
      </div>
      <Refusal fault={runs.error} onRetry={() => void runs.refetch()} />
      {runs.isPending && <Waiting />}
      {runs.items?.length === 0 && (query.path ?? state
        ? <Empty icon={IconFlask} title={words.noneFit} />
        : <Empty icon={IconFlask} title={words.none} action={start}>{words.noneHelp}</Empty>)}
      {runs.items && runs.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={`${classes.table} ${classes.cards}`}>
            <caption hidden>{words.title}</caption>
            <thead><tr><th>{words.run}</th><th>{words.result}</th><th>{words.prompt}</th><th>{words.targets}</th><th>{words.progress}</th><th>{words.cost}</th><th>{words.when}</th><th>{words.by}</th></tr></thead>
            <tbody {...keys.body}>
              {runs.items.map((run, at) => <Row key={run.number} project={project} run={run} selected={at === keys.at} />)}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={runs} />
      <StartRun
        project={project} opened={query.start !== undefined} prompt={query.prompt} targets={query.targets} version={query.version}
        onClose={() => setQuery({ start: undefined, prompt: undefined, targets: undefined, version: undefined })}
      />
    </Page>
  );
}

/** The first names, and how many more there are. */
function someOf(names: readonly string[]): string {
  return names.length <= SHOWN_TARGETS ? names.join(', ') : words.andMore(names.slice(0, SHOWN_TARGETS).join(', '), names.length - SHOWN_TARGETS);
}

function Row({ project, run, selected }: { readonly project: string; readonly run: RunOut; readonly selected: boolean }) {
  const sum = tallies(run);
  return (
    <tr data-selected={selected || undefined}>
      <td style={{ whiteSpace: 'nowrap' }}><AppLink href={links.run(project, run.number)}>{words.number(run.number)}</AppLink></td>
      <td data-label={words.result}><RunState run={run} /></td>
      <td data-label={words.prompt} style={{ minWidth: 180 }}><AppLink href={links.prompt(project, run.path, { tab: 'tests' })}>{run.path}</AppLink> <span className={own.soft}>{run.version === null ? words.draft : strings.common.version(run.version)}</span></td>
      <td data-label={words.targets} className={own.soft} style={{ minWidth: 140, maxWidth: 260 }} title={run.targets.map(({ name }) => name).join(', ')}>{someOf(run.targets.map(({ name }) => name))}</td>
      <td data-label={words.progress} style={{ minWidth: 110 }}>
        <div>
          {`${sum.passed} / ${run.calls}`}
          <Progress.Root size={5} mt={4} aria-hidden>
            <Progress.Section value={(100 * sum.passed) / Math.max(1, run.calls)} color="var(--good)" />
            <Progress.Section value={(100 * (sum.failed + sum.errors)) / Math.max(1, run.calls)} color="var(--bad)" />
          </Progress.Root>
        </div>
      </td>
      <td data-label={words.cost} style={{ whiteSpace: 'nowrap' }}>{dollars(run.cost, run.unpriced)}</td>
      <td data-label={words.when}><Time at={run.created_at} /></td>
      <td data-label={words.by}><PersonChip name={run.created_by} /></td>
    </tr>
  );
}
