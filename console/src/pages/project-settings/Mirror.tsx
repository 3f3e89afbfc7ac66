/** The copy of the project's history at another Git host. */
import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClock, IconCopy } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { MirrorOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { MirrorForm } from './MirrorForm';
import classes from '@/parts/parts.module.css';

const words = strings.projectSettings.mirror;

export function Mirror({ project }: { readonly project: string }) {
  const key = projectKey(project, 'environments', 'mirror');
  const [open, setOpen] = useState<'form' | 'remove' | 'overwrite'>();
  const may = useCan('mirror:manage', project);
  const path = { project };
  const mirror = useQuery({
    queryKey: key,
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? 1000 : 10_000), // a push takes seconds: whoever waits sees it end
    queryFn: async () => (await data(api.GET('/api/v1/projects/{project}/mirrors', { params: { path } }))).items[0] ?? null,
  });
  const done = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: key });
    setOpen(undefined);
  };
  const push = useMutation({ mutationFn: () => data(api.POST('/api/v1/projects/{project}/mirror/push', { params: { path } })), onSuccess: done });
  const pause = useMutation({ mutationFn: ({ url, all_branches, enabled }: MirrorOut) => data(api.PUT('/api/v1/projects/{project}/mirror', { params: { path }, body: { url, all_branches, enabled: !enabled } })), onSuccess: done });
  const remove = useMutation({ mutationFn: () => api.DELETE('/api/v1/projects/{project}/mirror', { params: { path } }), onSuccess: done });
  const overwrite = useMutation({ mutationFn: (refs: Record<string, string>) => data(api.POST('/api/v1/projects/{project}/mirror/overwrite', { params: { path }, body: { refs } })), onSuccess: done });
  if (mirror.data === undefined) return mirror.error ? <Refusal fault={mirror.error} /> : <Waiting />;
  const found = mirror.data;
  const form = open === 'form' && <MirrorForm project={project} mirror={found} onClose={() => setOpen(undefined)} onDone={() => void done()} />;
  const button = (label: string, what: 'form' | 'remove') => <Allowed may={may}>{(off) => <Button variant={what === 'form' && !found ? 'filled' : 'default'} disabled={off} onClick={() => setOpen(what)}>{label}</Button>}</Allowed>;
  if (found === null) {
    return <>{form}<Text size="sm" c="dimmed" maw={680}>{words.lead}</Text><Empty icon={IconCopy} title={words.none} action={button(words.set, 'form')}>{words.noneHelp}</Empty></>;
  }
  const diverged = Object.fromEntries(found.held.flatMap((one) => (one.why === 'diverged' && one.there ? [[one.ref, one.there] as const] : [])));
  const good = found.state === 'ok';
  return (
    <Stack maw={760}>
      <Text size="sm" c="dimmed">{words.lead}</Text>
      <table className={classes.table}>
        <tbody>
          <tr><th scope="row">{words.url}</th><td style={{ overflowWrap: 'anywhere' }}>{found.url}</td></tr>
          <tr><th scope="row">{words.way}</th><td>{words.ways[found.credentials.kind] ?? found.credentials.kind}{found.credentials.user && ` (${found.credentials.user})`}</td></tr>
          <tr><th scope="row">{words.state}</th><td><Chip tone={good ? 'good' : found.state === 'pending' || found.state === 'paused' ? 'idle' : 'bad'} icon={good ? IconCheck : found.state === 'pending' ? IconClock : IconAlertTriangle}>{words.states[found.state] ?? found.state}</Chip></td></tr>
          <tr><th scope="row">{words.pushed}</th><td><Time at={found.pushed_at} /></td></tr>
          <tr><th scope="row">{words.refs}</th><td>{found.refs.toLocaleString('en')}</td></tr>
          {found.next_attempt_at && <tr><th scope="row">{words.next}</th><td><Time at={found.next_attempt_at} /></td></tr>}
        </tbody>
      </table>
      {found.problem && <Alert color="orange" icon={<IconAlertTriangle size={18} />}>{found.problem.detail} {found.problem.remedy}</Alert>}
      {found.held.length > 0 && <div><Text size="sm" fw={600}>{words.held}</Text><List size="sm">{found.held.map((one) => <List.Item key={one.ref}>{`${one.ref}: ${one.reason || one.why}`}</List.Item>)}</List></div>}
      <Refusal fault={push.error ?? pause.error} />
      <Group>
        <Allowed may={may}>{(off) => <Button disabled={off || !found.enabled} loading={push.isPending} onClick={() => push.mutate()}>{words.push}</Button>}</Allowed>
        <Allowed may={may}>{(off) => <Button variant="default" disabled={off} loading={pause.isPending} onClick={() => pause.mutate(found)}>{found.enabled ? words.pause : words.resume}</Button>}</Allowed>
        {button(words.change, 'form')}
        {Object.keys(diverged).length > 0 && <Allowed may={may}>{(off) => <Button color="red" variant="light" disabled={off} onClick={() => setOpen('overwrite')}>{words.overwrite}</Button>}</Allowed>}
        {button(words.remove, 'remove')}
      </Group>
      {form}
      {open === 'remove' && <ReasonDialog title={words.removeTitle} action={words.remove} danger withoutReason busy={remove.isPending} fault={remove.error} onClose={() => setOpen(undefined)} onDo={() => remove.mutate()}>{words.removeText}</ReasonDialog>}
      {open === 'overwrite' && (
        <ReasonDialog title={words.overwriteTitle} action={words.overwrite} danger withoutReason confirm={{ word: project, label: words.typeToConfirm(project) }} busy={overwrite.isPending} fault={overwrite.error} onClose={() => setOpen(undefined)} onDo={() => overwrite.mutate(diverged)}>
          <Text size="sm">{words.overwriteText}</Text>
          <List size="sm">{Object.keys(diverged).map((ref) => <List.Item key={ref}>{ref}</List.Item>)}</List>
        </ReasonDialog>
      )}
    </Stack>
  );
}
