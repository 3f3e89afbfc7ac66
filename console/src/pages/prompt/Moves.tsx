/** Moving, copying and archiving a prompt, and bringing an archived one back. */
import { Alert, Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { DialogFoot } from '@/parts/DialogFoot';
import { useGo } from '@/parts/navigate';
import { PlaceField } from '@/parts/PlaceField';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';

const words = strings.prompt.moves;

function stale(project: string): void {
  for (const key of ['prompts', 'tree', 'overview', 'activity', 'versions', 'reviews']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
}

interface Props {
  readonly project: string;
  readonly path: string;
  readonly onClose: () => void;
}

/** To another address, or a copy there; the same form, since only what stays behind differs. */
export function TransferDialog({ project, path, copy, dirty, onClose }: Props & { readonly copy: boolean; readonly dirty: boolean }) {
  useFocusBack();
  const go = useGo();
  const [to, setTo] = useState(copy ? `${path}-copy` : path);
  const [into, setInto] = useState(project);
  const [pins, setPins] = useState(true);
  const [fragments, setFragments] = useState(true);
  const [message, setMessage] = useState('');
  const other = into !== project;
  const projects = useQuery({ queryKey: ['projects', 'names'], queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })) }).data?.items ?? [];
  const send = useMutation({
    mutationFn: () => {
      const body = { from: path, to: to.trim().replace(/^\/+/, ''), to_project: other ? into : null, with_fragments: other && fragments, message: message.trim() || null };
      const where = { params: { path: { project } } };
      return copy ? data(api.POST('/api/v1/projects/{project}/copy', { ...where, body })) : data(api.POST('/api/v1/projects/{project}/move', { ...where, body: { ...body, update_pins: pins } }));
    },
    onSuccess: (made) => {
      stale(project);
      if (other) stale(into);
      const arrived = made.prompts.find((one) => one.from === path) ?? made.prompts[0];
      notifications.show({ message: made.notice || words.done(copy, arrived?.path ?? to) });
      onClose();
      go(links.prompt(into, arrived?.path ?? to));
    },
  });
  return (
    <Modal opened onClose={onClose} title={copy ? words.copyTitle(path) : words.moveTitle(path)}>
      <form onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}>
        <Stack>
          <Text size="sm">{copy ? words.copyText : words.moveText}</Text>
          {dirty && <Alert color="orange">{words.dirty}</Alert>}
          <PlaceField project={into} modules label={words.to} description={words.toHelp} required focused value={to} onChange={setTo} />
          {projects.length > 1 && <Select label={words.project} allowDeselect={false} searchable value={into} data={projects.map(({ name }) => name)} onChange={(name) => setInto(name ?? project)} />}
          {!copy && <Checkbox label={words.pins} checked={pins} onChange={(event) => setPins(event.currentTarget.checked)} />}
          {other && <Checkbox label={words.fragments} checked={fragments} onChange={(event) => setFragments(event.currentTarget.checked)} />}
          <TextInput label={words.message} description={strings.common.optional} maxLength={500} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
          <Refusal fault={send.error} />
          <DialogFoot onCancel={onClose} disabled={to.trim() === '' || (to.trim() === path && !other)} loading={send.isPending}>{copy ? words.copy : words.move}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}

export function ArchiveDialog({ project, path, newest, onClose }: Props & { readonly newest: number }) {
  const archive = useMutation({
    mutationFn: (message: string) => data(api.DELETE('/api/v1/projects/{project}/prompts/{path}', { params: { path: { project, path }, query: { message: message || undefined } }, headers: ifMatch(`"v${newest}"`) })),
    onSuccess: ({ live }) => {
      stale(project);
      notifications.show({ message: live.length > 0 ? words.archivedLive(live.map(({ environment }) => environment).join(', ')) : words.archived });
      onClose();
    },
  });
  return <ReasonDialog title={words.archiveTitle(path)} action={words.archive} danger busy={archive.isPending} fault={archive.error} onClose={onClose} onDo={(reason) => archive.mutate(reason)}>{words.archiveText}</ReasonDialog>;
}

/** Says that the prompt is archived, and brings it back. */
export function ArchivedNotice({ project, path, newest, onBack }: { readonly project: string; readonly path: string; readonly newest: number; readonly onBack: () => void }) {
  const may = useCan('prompt:write', `${project}/${path}`);
  const back = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/restore/{path}', { params: { path: { project, path } }, headers: ifMatch(`"v${newest}"`), body: {} })),
    onSuccess: () => {
      stale(project);
      onBack();
    },
  });
  return (
    <Alert mb="md" color="orange" title={words.isArchived}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{words.isArchivedText}</Text>
        <Allowed may={may}>{(off) => <Button size="xs" disabled={off} loading={back.isPending} onClick={() => back.mutate()}>{words.bringBack}</Button>}</Allowed>
      </Group>
      <Refusal fault={back.error} />
    </Alert>
  );
}
