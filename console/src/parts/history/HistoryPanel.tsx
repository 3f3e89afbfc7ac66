/** The history of a prompt: versions, releases and reviews in one line of time; who wrote each line; two versions to compare. */
import { Button, SegmentedControl, Select } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { VersionInHistory } from '@/api/schema';
import { links } from '@/links';
import { LazyPart } from '@/parts/diff/LazyPart';
import { inParts } from '@/parts/diff/sections';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { Blame } from './Blame';
import { EventRow } from './EventRow';
import { Restore } from './Restore';
import { choose, timelineOf, type Wanted } from './timeline';
import { versionsPage } from './versions';
import classes from './history.module.css';

const words = strings.history.panel;
const PART = 20;
const ROW = 56;

export interface HistoryPanelProps {
  readonly project: string;
  readonly path: string;
}

export function HistoryPanel({ project, path }: HistoryPanelProps) {
  const [{ look, show, pick }, set] = useAddressQuery();
  const blame = look === 'lines';
  return (
    <div>
      <div className={classes.tools}>
        <SegmentedControl
          aria-label={words.view} size="xs" value={blame ? 'lines' : 'time'} onChange={(value) => set({ look: value === 'lines' ? 'lines' : undefined })}
          data={[{ value: 'time', label: words.timeline }, { value: 'lines', label: words.blame }]}
        />
        {!blame && (
          <Select
            aria-label={words.what} size="xs" w={170} allowDeselect={false} value={show === 'versions' || show === 'live' ? show : 'all'} onChange={(value) => set({ show: value === 'all' || value === null ? undefined : value })}
            data={[{ value: 'all', label: words.all }, { value: 'versions', label: words.versionsOnly }, { value: 'live', label: words.liveOnly }]}
          />
        )}
      </div>
      {blame ? <Blame project={project} path={path} /> : <Timeline project={project} path={path} wanted={show === 'versions' || show === 'live' ? show : 'all'} chosen={(pick ?? '').split(',').filter(Boolean).map(Number)} onChoose={(next) => set({ pick: next.length === 0 ? undefined : next.join(',') })} />}
    </div>
  );
}

interface TimelineProps extends HistoryPanelProps {
  readonly wanted: Wanted;
  readonly chosen: readonly number[];
  readonly onChoose: (next: readonly number[]) => void;
}

function Timeline({ project, path, wanted, chosen, onChoose }: TimelineProps) {
  const go = useGo();
  const [restoring, restore] = useState<VersionInHistory | null>(null);
  const versions = usePages(projectKey(project, 'versions', path, 'list'), (cursor) => versionsPage(project, path, cursor));
  const releases = useQuery({ queryKey: projectKey(project, 'releases', 'of', path), queryFn: () => lastReleases(project) });
  const requests = useQuery({
    queryKey: projectKey(project, 'reviews', 'of', path),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/reviews', { params: { path: { project }, query: { under: path, limit: 100 } } })),
  });
  // From the pages as they are kept: rows stay the same while nothing new comes.
  const pages = versions.data?.pages;
  const events = useMemo(
    () => timelineOf(path, pages?.flatMap((page) => page.items) ?? [], !versions.hasNextPage, releases.data ?? [], requests.data?.items ?? [], wanted),
    [path, pages, versions.hasNextPage, releases.data, requests.data, wanted],
  );
  const newest = versions.items?.[0]?.version;
  const now = useRef({ chosen, onChoose });
  useEffect(() => {
    now.current = { chosen, onChoose };
  });
  const toggle = useCallback((version: number) => now.current.onChoose(choose(now.current.chosen, version)), []);
  const [older, younger] = [...chosen].sort((one, two) => one - two);
  if (versions.error && !versions.items) return <Refusal fault={versions.error} onRetry={() => void versions.refetch()} />;
  if (versions.isPending) return <Waiting lines={10} />;
  if (events.length === 0 && !versions.hasNextPage) return <Empty icon={IconHistory} title={words.none}>{words.noneMore}</Empty>;
  return (
    <>
      {chosen.length > 0 && (
        <div className={classes.chosen} role="status">
          <span>{words.chosen(chosen.length)}</span>
          {older !== undefined && younger !== undefined && <Button size="compact-sm" onClick={() => go(links.diff(project, path, older, younger))}>{words.compare(older, younger)}</Button>}
          <Button size="compact-sm" variant="subtle" onClick={() => onChoose([])}>{words.clear}</Button>
        </div>
      )}
      <ol className={classes.list}>
        {inParts(events, PART).map((part, at) => (
          <LazyPart key={part[0]?.id ?? at} height={part.length * ROW} eager={at === 0} item>
            {() => part.map((event) => (
              <EventRow
                key={event.id} project={project} path={path} event={event} newest={newest} onRestore={restore}
                chosen={event.kind === 'version' && chosen.includes(event.version.version)} onChoose={toggle}
              />
            ))}
          </LazyPart>
        ))}
      </ol>
      <Refusal fault={releases.error ?? requests.error} />
      <MorePages query={versions} />
      {restoring && newest !== undefined && <Restore project={project} path={path} version={restoring.version} newest={newest} onClose={() => restore(null)} />}
    </>
  );
}

/** The last hundred releases of each environment; a prompt's own are among them. */
async function lastReleases(project: string) {
  const environments = await data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } }));
  const pages = await Promise.all(
    environments.items.map(({ name }) => data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases', { params: { path: { project, environment: name }, query: { limit: 100 } } }))),
  );
  return pages.flatMap((page) => page.items);
}
