/** What is live and must be decided about anew, the earliest due first. */
import { Button, Group, Select, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconCalendarCheck, IconCheck, IconClock, IconAlertTriangle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { DuePage } from '@/api/schema';
import { useCan } from '@/api/session';
import { links, withSheet } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip, TierChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { LinkButton } from '@/parts/LinkButton';
import { useAddressQuery, useHref } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { Certify } from './Certify';
import parts from '@/parts/parts.module.css';
import classes from './compliance.module.css';

const words = strings.compliance.dues;
const WANTED = { warned: words.soon, overdue: words.overdue } as const;

export function Certifications({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const href = useHref();
  const due = query.due === 'warned' || query.due === 'overdue' ? query.due : undefined;
  const key = projectKey(project, 'reviews', 'certifications');
  const [certifying, setCertifying] = useState<DuePage['items'][number]>();
  const [keeping, setKeeping] = useState<DuePage['items'][number]>();
  const may = useCan('review:approve', project);
  const list = usePages([...key, due], (cursor) => data(api.GET('/api/v1/projects/{project}/certifications', { params: { path: { project }, query: { due, cursor } } })));
  const keep = useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) => data(api.POST('/api/v1/projects/{project}/certifications/{certification}/keep', { params: { path: { project, certification: id } }, body: { reason } })),
    onSuccess: () => {
      setKeeping(undefined);
      return queries.invalidateQueries({ queryKey: key });
    },
  });
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={760}>{words.lead}</Text>
      <Select label={words.which} w={220} placeholder={words.all} clearable value={due ?? null} data={Object.entries(WANTED).map(([value, label]) => ({ value, label }))} onChange={(value) => set({ due: value ?? undefined })} />
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconCalendarCheck} title={words.none}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={parts.scroll}>
          <table className={`${parts.table} ${parts.cards}`}>
            <thead><tr><th>{words.due}</th><th>{words.prompt}</th><th>{words.environment}</th><th>{strings.compliance.inventory.tier}</th><th>{words.state}</th><th>{words.approved}</th><th><VisuallyHidden>{words.certify}</VisuallyHidden></th></tr></thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.id}>
                  <td data-label={words.due}><Time at={item.due_at} /></td>
                  <td data-title><AppLink href={links.prompt(project, item.path, { v: item.version })}>{item.path}</AppLink> <span className={classes.soft}>{strings.common.version(item.version)}</span></td>
                  <td data-label={words.environment}><EnvironmentChip project={project} environment={item.environment} /></td>
                  <td data-label={strings.compliance.inventory.tier}><TierChip tier={item.tier} /></td>
                  <td data-label={words.state}>
                    <Chip tone={item.state === 'current' ? 'good' : item.state === 'warned' ? 'warn' : 'bad'} icon={item.state === 'current' ? IconCheck : item.state === 'warned' ? IconClock : IconAlertTriangle}>{words.states[item.state] ?? item.state}</Chip>
                    {item.cause !== 'periodic' && <div className={classes.soft}>{words.causes[item.cause] ?? item.cause}</div>}
                    {item.suspension === 'asked' && <div className={classes.soft}>{words.suspensionAsked}</div>}
                    {item.kept_reason && <div className={classes.soft}>{words.keptBecause(item.kept_reason)}</div>}
                  </td>
                  <td data-label={words.approved}><Time at={item.approved_at} /></td>
                  <td>
                    <Group gap={6} wrap="nowrap">
                      <Button size="xs" variant="default" aria-label={`${words.certify}: ${item.path}`} onClick={() => setCertifying(item)}>{words.certify}</Button>
                      {item.suspension === 'asked' && <Allowed may={may}>{(off) => <Button size="xs" variant="default" disabled={off} aria-label={`${words.keep}: ${item.path}`} onClick={() => { keep.reset(); setKeeping(item); }}>{words.keep}</Button>}</Allowed>}
                      {item.suspension === 'asked' && <LinkButton size="xs" href={withSheet(href, { sheet: 'suspend', in: item.environment, prompts: item.path })}>{words.suspend}</LinkButton>}
                    </Group>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
      {certifying && <Certify project={project} due={certifying} onClose={() => setCertifying(undefined)} onDone={() => void queries.invalidateQueries({ queryKey: key })} />}
      {keeping && (
        <ReasonDialog title={words.keepTitle(keeping.path)} action={words.keep} busy={keep.isPending} fault={keep.error} onClose={() => setKeeping(undefined)} onDo={(reason) => keep.mutate({ id: keeping.id, reason })}>{words.keepText}</ReasonDialog>
      )}
    </Stack>
  );
}
