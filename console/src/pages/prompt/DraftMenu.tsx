/** What else can be done with a prompt, and with a draft of it: try it, export, move, copy, archive; share, undo a merge, discard. */
import { ActionIcon, Button, CopyButton, Group, Menu, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { ExportDialog } from '@/parts/ExportDialog';
import { useGo } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { ArchiveDialog, TransferDialog } from './Moves';
import type { DraftSession, DraftState } from './session';

const words = strings.prompt;

interface Props {
  readonly project: string;
  readonly path: string;
  readonly session: DraftSession;
  readonly state: DraftState;
  /** The newest version; undefined for a prompt that has none yet. */
  readonly newest: number | undefined;
  /** The older version that is shown. */
  readonly old: number | undefined;
  readonly editable: boolean;
  readonly archived: boolean;
}

export function DraftMenu({ project, path, session, state, newest, old, editable, archived }: Props) {
  const [open, setOpen] = useState<'share' | 'discard' | 'export' | 'move' | 'copy' | 'archive' | null>(null);
  const close = (): void => setOpen(null);
  const mayArchive = useCan('prompt:archive', `${project}/${path}`);
  const go = useGo();
  const undo = useMutation({ mutationFn: () => session.undo() });
  const discard = useMutation({ mutationFn: () => session.discard(), onSuccess: () => setOpen(null) });
  const there = state.copy !== null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="default" size="lg" aria-label={words.more} title={words.more}><IconDots size={18} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void (editable ? session.flush() : Promise.resolve(true)).then(() => go(links.playground(project, editable && (there || session.pending) ? { prompt: path, copy: 'mine' } : { prompt: path, version: old ?? state.parent })))}>{words.run}</Menu.Item>
          {newest !== undefined && <Menu.Item onClick={() => go(links.evidence(project, path, old))}>{words.evidence}</Menu.Item>}
          {newest !== undefined && <Menu.Item onClick={() => setOpen('export')}>{words.moves.export}</Menu.Item>}
          {newest !== undefined && !archived && (
            <>
              <Menu.Divider />
              <Menu.Item onClick={() => setOpen('copy')}>{words.moves.copyMenu}</Menu.Item>
              <Menu.Item disabled={mayArchive?.allowed !== true} title={mayArchive?.reason} onClick={() => setOpen('move')}>{words.moves.moveMenu}</Menu.Item>
              <Menu.Item disabled={mayArchive?.allowed !== true} title={mayArchive?.reason} onClick={() => setOpen('archive')}>{words.moves.archiveMenu}</Menu.Item>
              <Menu.Item onClick={() => go(`${links.compliance(project, 'retirements')}&prompt=${encodeURIComponent(path)}`)}>{words.moves.retire}</Menu.Item>
            </>
          )}
          {editable && (
            <>
              <Menu.Divider />
              <Menu.Item disabled={!there} onClick={() => setOpen('share')}>{words.share}</Menu.Item>
              <Menu.Item disabled={!state.copy?.undo} onClick={() => undo.mutate()}>{words.undo}</Menu.Item>
              <Menu.Item color="red" disabled={!there && !session.pending} onClick={() => setOpen('discard')}>{words.discard}</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'export' && <ExportDialog project={project} prompts={[{ path, version: old ?? newest }]} onClose={close} />}
      {(open === 'move' || open === 'copy') && <TransferDialog project={project} path={path} copy={open === 'copy'} dirty={there || session.pending} onClose={close} />}
      {open === 'archive' && newest !== undefined && <ArchiveDialog project={project} path={path} newest={newest} onClose={close} />}
      {open === 'share' && <Share project={project} path={path} id={state.copy?.share?.id ?? null} onClose={() => setOpen(null)} />}
      <Modal opened={open === 'discard'} onClose={() => setOpen(null)} title={words.discardTitle}>
        <Text size="sm">{words.discardText(path)}</Text>
        <Refusal fault={discard.error} />
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={() => setOpen(null)}>{strings.common.cancel}</Button>
          <Button color="red" loading={discard.isPending} onClick={() => discard.mutate()}>{words.discard}</Button>
        </Group>
      </Modal>
      {undo.error && <Refusal fault={undo.error} />}
    </>
  );
}

function Share({ project, path, id, onClose }: { readonly project: string; readonly path: string; readonly id: string | null; readonly onClose: () => void }) {
  const [days, setDays] = useState<string | null>('7');
  const [link, setLink] = useState(id);
  const make = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/working-copies/{path}/share', {
      params: { path: { project, path } },
      body: { expires_at: days === '0' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString() },
    })),
    onSuccess: (share) => setLink(share.id),
  });
  const end = useMutation({
    mutationFn: () => api.DELETE('/api/v1/shared-working-copies/{share}', { params: { path: { share: link ?? '' } } }),
    onSuccess: () => setLink(null),
  });
  const url = link === null ? '' : `${window.location.origin}${links.prompt(project, path, { shared: link })}`;
  return (
    <Modal opened onClose={onClose} title={words.shareTitle}>
      <Stack>
        <Text size="sm">{words.shareText}</Text>
        <Select label={words.shareUntil} value={days} onChange={setDays} allowDeselect={false} data={[...['1', '7', '30'].map((value) => ({ value, label: words.days(Number(value)) })), { value: '0', label: words.forever }]} />
        {link !== null && <TextInput readOnly value={url} aria-label={words.shareTitle} onFocus={(event) => event.currentTarget.select()} />}
        <Refusal fault={make.error ?? end.error} />
        <Group justify="flex-end" gap="xs">
          {link !== null && <Button variant="default" color="red" onClick={() => end.mutate()}>{words.endLink}</Button>}
          {link !== null && <CopyButton value={url}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>}
          <Button loading={make.isPending} onClick={() => make.mutate()}>{words.makeLink}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
