/** Releases that wait for their time: run one now, or cancel it. */
import { Button } from '@mantine/core';
import { IconCalendarTime } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { ScheduleOut } from '@/api/releases';
import { links } from '@/links';
import { Chip, PersonChip } from '@/parts/Chip';
import { useGo } from '@/parts/navigate';
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
  const { environment, id } = item;
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
  const cancel = useMutation({ mutationFn: () => data(api.DELETE('/api/v1/projects/{project}/environments/{environment}/schedule/{schedule}', { params })), onSuccess: changed });
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
        <Button size="xs" variant="default" loading={run.isPending} onClick={() => run.mutate()}>{words.runNow}</Button>
        <Button size="xs" variant="default" color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>{words.cancelIt}</Button>
      </div>
      <p className={classes.reason}>{item.reason}</p>
      <div className={classes.paths}>{item.prompts.slice(0, 6).map(({ path, version }) => <span key={path}>{`${path} v${version}`}</span>)}{item.count > 6 && <span className={classes.soft}>{words.more(item.count - 6)}</span>}</div>
      <Refusal fault={run.error ?? cancel.error} />
    </div>
  );
}
