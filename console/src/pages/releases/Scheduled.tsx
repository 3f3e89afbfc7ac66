/** Releases that wait for their time: run one now, or cancel it. */
import { Button } from '@mantine/core';
import { IconCalendarTime } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { ScheduleOut } from '@/api/releases';
import { useCan } from '@/api/session';
import { links, withSheet } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { Chip, PersonChip } from '@/parts/Chip';
import { useGo, useHref } from '@/parts/navigate';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;

export function Scheduled({ project, environment }: { readonly project: string; readonly environment: string }) {
  const waiting = useQuery({
    queryKey: projectKey(project, 'releases', environment, 'schedule'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/schedule', { params: { path: { project, environment }, query: { state: 'scheduled', limit: 100 } } })),
  });
  if (waiting.error) return <Refusal fault={waiting.error} />;
  if (!waiting.data || waiting.data.items.length === 0) return null;
  return (
    <section className={classes.block}>
      <h2>{words.scheduled}</h2>
      {waiting.data.items.map((item) => <Entry key={item.id} project={project} item={item} />)}
    </section>
  );
}

function Entry({ project, item }: { readonly project: string; readonly item: ScheduleOut }) {
  const queries = useQueryClient();
  const go = useGo();
  const href = useHref();
  const [asked, ask] = useState<'run' | 'cancel' | 'change' | null>(null);
  const { environment, id } = item;
  const may = useCan('publish', project, environment);
  const params = { path: { project, environment, schedule: id } };
  const changed = (): void => {
    for (const key of ['releases', 'environments']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
  };
  const run = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/environments/{environment}/schedule/{schedule}/run', { params })),
    onSuccess: (made) => {
      changed();
      go(links.release(project, environment, made.number));
    },
  });
  const cancel = useMutation({
    mutationFn: () => data(api.DELETE('/api/v1/projects/{project}/environments/{environment}/schedule/{schedule}', { params })),
    onSuccess: () => {
      const anew = asked === 'change';
      ask(null);
      changed();
      if (anew) go(withSheet(href, { sheet: 'publish', to: environment, prompts: item.prompts.map(({ path, version }) => `${path}@${version}`).join(',') }));
    },
  });
  const begin = (what: 'run' | 'cancel' | 'change'): void => {
    run.reset();
    cancel.reset();
    ask(what);
  };
  return (
    <div className={classes.card} style={{ maxWidth: 'none' }}>
      <div className={classes.what}>
        <IconCalendarTime size={18} aria-hidden />
        <span>{words.runAt(item.count)}</span>
        <strong style={{ fontWeight: 600 }}><Time at={item.at} exact /></strong>
        <PersonChip name={item.actor} />
        {item.ticket && <Chip>{item.ticket}</Chip>}
        {item.only_if_head !== null && <Chip tone="idle">{words.onlyIfHead(item.only_if_head)}</Chip>}
        <span style={{ flex: 1 }} />
        <Allowed may={may}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => begin('run')}>{words.runNow}</Button>}</Allowed>
        {item.prompts.length === item.count && <Allowed may={may}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => begin('change')}>{words.changeIt}</Button>}</Allowed>}
        <Allowed may={may}>{(off) => <Button size="xs" variant="default" color="red" disabled={off} onClick={() => begin('cancel')}>{words.cancelIt}</Button>}</Allowed>
      </div>
      <p className={classes.reason}>{item.reason}</p>
      <div className={classes.paths}>{item.prompts.slice(0, 6).map(({ path, version }) => <span key={path}>{`${path} v${version}`}</span>)}{item.count > 6 && <span className={classes.soft}>{words.more(item.count - 6)}</span>}</div>
      {asked !== null && (
        <ReasonDialog
          title={words.scheduledTitles[asked](item.count, environment)} action={words.scheduledActions[asked]} danger={asked === 'cancel'} withoutReason busy={run.isPending || cancel.isPending} fault={run.error ?? cancel.error}
          onClose={() => ask(null)} onDo={() => (asked === 'run' ? run.mutate() : cancel.mutate())}
        >
          {words.scheduledTexts[asked]}
        </ReasonDialog>
      )}
    </div>
  );
}
