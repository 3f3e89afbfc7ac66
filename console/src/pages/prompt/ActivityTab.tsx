/** What happened to this prompt, newest first. */
import { Stack, Text } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { Chip, PersonChip, ReleaseChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './prompt.module.css';

export function ActivityTab({ project, path }: { readonly project: string; readonly path: string }) {
  const activity = usePages(projectKey(project, 'activity', path), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/activity', { params: { path: { project }, query: { prompt: path, cursor } } })));
  if (activity.error) return <Refusal fault={activity.error} />;
  if (activity.isPending) return <Waiting />;
  if (activity.items?.length === 0) return <Empty icon={IconActivity} title={strings.prompt.activityNone} />;
  return (
    <Stack gap={0} maw={960}>
      {activity.items?.map((item, at) => (
        <article key={`${item.at}-${at}`} className={classes.event}>
          <div className={classes.eventHead}>
            <PersonChip name={item.actor} />
            <span>{item.summary}</span>
            {item.environment && item.release !== null && <ReleaseChip project={project} environment={item.environment} number={item.release} />}
            {item.ticket && <Chip>{item.ticket}</Chip>}
            {item.prompts.filter((one) => one.version !== null).slice(0, 1).map((one) => <Chip key={one.path} href={links.prompt(project, one.path, { v: one.version ?? undefined })}>{`v${one.version}`}</Chip>)}
            <span className={classes.end}><Time at={item.at} /></span>
          </div>
          {item.reason && <Text size="sm" c="dimmed">{item.reason}</Text>}
        </article>
      ))}
      <MorePages query={activity} />
    </Stack>
  );
}
