/** Prompts whose use has ended, by path; retiring one, and bringing one back. */
import { Button, Group, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconArchive } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { Person } from '@/parts/Person';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { PlaceField } from '@/parts/PlaceField';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.compliance.retirements;

export function Retirements({ project }: { readonly project: string }) {
  const key = projectKey(project, 'records', 'retirements');
  const [query] = useAddressQuery();
  const [retiring, setRetiring] = useState(query.prompt !== undefined);
  const [path, setPath] = useState(query.prompt ?? '');
  const [undoing, setUndoing] = useState<string>();
  const may = useCan('prompt:retire', project);
  const list = usePages(key, (cursor) => data(api.GET('/api/v1/projects/{project}/retirements', { params: { path: { project }, query: { cursor } } })));
  const done = () => {
    setRetiring(false);
    setUndoing(undefined);
    return queries.invalidateQueries({ queryKey: projectKey(project) });
  };
  const retire = useMutation({ mutationFn: (reason: string) => data(api.POST('/api/v1/projects/{project}/retirements', { params: { path: { project } }, body: { path: path.trim(), reason } })), onSuccess: done });
  const undo = useMutation({ mutationFn: (body: { path: string; reason: string }) => data(api.POST('/api/v1/projects/{project}/retirements/undo', { params: { path: { project } }, body })), onSuccess: done });
  const button = <Allowed may={may}>{(off) => <Button disabled={off} onClick={() => { retire.reset(); setRetiring(true); }}>{words.retire}</Button>}</Allowed>;
  return (
    <Stack maw={960}>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620}>{words.lead}</Text>
        {(list.items?.length ?? 0) > 0 && button}
      </Group>
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconArchive} title={words.none} action={button}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead><tr><th>{words.prompt}</th><th>{words.when}</th><th>{words.reason}</th><th><VisuallyHidden>{words.undo}</VisuallyHidden></th></tr></thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.path}>
                  <td><AppLink href={links.prompt(project, item.path)}>{item.path}</AppLink></td>
                  <td><Time at={item.retired_at} /> {words.by} <Person name={item.retired_by} /></td>
                  <td>{item.reason}</td>
                  <td><Allowed may={may}>{(off) => <Button size="xs" variant="default" disabled={off} aria-label={`${words.undo}: ${item.path}`} onClick={() => { undo.reset(); setUndoing(item.path); }}>{words.undo}</Button>}</Allowed></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
      {retiring && (
        <ReasonDialog title={words.retireTitle} action={words.retire} danger busy={retire.isPending} fault={retire.error} onClose={() => setRetiring(false)} onDo={(reason) => retire.mutate(reason)}>
          <Text size="sm">{words.retireText}</Text>
          <PlaceField project={project} label={words.path} placeholder={words.pathHelp} required focused value={path} onChange={setPath} />
        </ReasonDialog>
      )}
      {undoing && (
        <ReasonDialog title={words.undoTitle(undoing)} action={words.undo} busy={undo.isPending} fault={undo.error} onClose={() => setUndoing(undefined)} onDo={(reason) => undo.mutate({ path: undoing, reason })}>{words.undoText}</ReasonDialog>
      )}
    </Stack>
  );
}
