/** Background work: what waits, runs, is done or failed; failed jobs say why and can be tried again. */
import { Autocomplete, Button, Select, Text } from '@mantine/core';
import { IconCheck, IconClock, IconListCheck, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { JobOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time, duration } from '@/parts/Time';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { Confirm } from '../Confirm';
import { Rows, type Column } from '../Rows';
import classes from '../admin.module.css';

const words = strings.admin.jobs;
const STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;
const LOOKS = { waiting: ['idle', IconClock], running: ['warn', IconPlayerPlay], done: ['good', IconCheck], failed: ['bad', IconX], cancelled: ['idle', IconX] } as const;

/** Kinds to choose from; others can be typed. */
const KINDS = ['test run', 'project release', 'push mirror', 'look at reviews', 'send audit events', 'make audit checkpoints', 'end redactions', 'erase people', 'remove old audit events'];

/** The kind of a job in words. */
const told = (kind: string): string => kind.replaceAll('-', ' ');

export function JobsPage() {
  const [{ state: asked, kind = '' }, setQuery] = useAddressQuery();
  const [retrying, setRetrying] = useState<JobOut | null>(null);
  const state = STATES.find((known) => known === asked) ?? null;
  const jobs = usePages(['system', 'jobs', state, kind], (cursor) => data(api.GET('/api/v1/system/jobs', { params: { query: { state, kind: kind || null, cursor, limit: 100 } } })));
  // What runs in the background ends by itself: the list follows while nobody pages through it.
  const pages = jobs.data?.pages.length ?? 0;
  const { refetch } = jobs;
  useEffect(() => {
    if (pages > 1) return undefined;
    const again = setInterval(() => { if (!document.hidden) void refetch(); }, 5000);
    return () => clearInterval(again);
  }, [pages, refetch]);
  const columns: Column<JobOut>[] = [
    { key: 'kind', head: words.kind, cell: (job) => <div><div className={classes.name}>{told(job.kind)}</div>{job.subject && <div className={classes.soft}>{job.subject}</div>}{job.error && <Text size="sm" c="var(--bad)" style={{ overflowWrap: 'anywhere' }}>{job.error}</Text>}</div> },
    { key: 'state', head: words.state, cell: (job) => <Chip tone={LOOKS[job.state][0]} icon={LOOKS[job.state][1]}>{words.states[job.state]}</Chip> },
    { key: 'attempt', head: words.attempt, cell: (job) => job.attempt },
    { key: 'created', head: words.created, cell: (job) => <Time at={job.created_at} /> },
    { key: 'took', head: words.took, cell: (job) => (job.started_at && job.ended_at && job.ended_at > job.started_at ? duration(new Date(job.ended_at).getTime() - new Date(job.started_at).getTime()) : '–') },
    { key: 'retry', head: words.retry, hidden: true, cell: (job) => job.state === 'failed' && <Button size="compact-xs" variant="default" aria-label={words.retryOf(told(job.kind))} onClick={() => setRetrying(job)}>{words.retry}</Button> },
  ];
  return (
    <AdminPage page="jobs">
      <div className={classes.filters}>
        <Select label={words.state} allowDeselect={false} value={state ?? ''} onChange={(value) => setQuery({ state: value ?? '' })} data={[{ value: '', label: words.any }, ...STATES.map((value) => ({ value, label: words.states[value] }))]} />
        <Autocomplete label={words.kind} placeholder={words.kindHelp} data={KINDS} value={told(kind)} onChange={(value) => setQuery({ kind: value.trim().replaceAll(' ', '-') })} />
      </div>
      <Refusal fault={jobs.error} onRetry={() => void jobs.refetch()} />
      {!jobs.items && !jobs.error && <Waiting />}
      {jobs.items && (jobs.items.length === 0
        ? <Empty icon={IconListCheck} title={state === 'failed' && kind === '' ? words.noneFailed : words.none} action={(state !== null || kind !== '') && <Button variant="default" onClick={() => setQuery({ state: '', kind: '' })}>{strings.common.clearFilters}</Button>}>{words.noneHelp}</Empty>
        : <Rows label={words.label} columns={columns} rows={jobs.items} keyOf={(job) => job.id} foot={<MorePages query={jobs} />} />)}
      {retrying && (
        <Confirm danger={false} title={words.retryTitle(told(retrying.kind))} verb={words.retry} onClose={() => setRetrying(null)} run={async () => {
          await data(api.POST('/api/v1/system/jobs/{job_id}/retry', { params: { path: { job_id: retrying.id } } }));
          await queries.invalidateQueries({ queryKey: ['system', 'jobs'] });
        }}>{words.retryHelp}</Confirm>
      )}
    </AdminPage>
  );
}
