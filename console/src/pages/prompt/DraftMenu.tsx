/** What else can be done with a draft: try it, share it, undo a merge, discard it. */
import { ActionIcon, Button, CopyButton, Group, Menu, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import type { DraftSession, DraftState } from './session';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly session: DraftSession; readonly state: DraftState }

export function DraftMenu({ project, path, session, state }: Props) {
  const [open, setOpen] = useState<'share' | 'discard' | null>(null);
  const go = useGo();
  const undo = useMutation({ mutationFn: () => session.undo() });
  const discard = useMutation({ mutationFn: () => session.discard(), onSuccess: () => setOpen(null) });
  const there = state.copy !== null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="default" size="lg" aria-label={words.more} title={words.more}><IconDots size={18} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void session.flush().then(() => go(links.playground(project, there || session.pending ? { prompt: path, copy: 'mine' } : { prompt: path, version: state.parent })))}>{words.run}</Menu.Item>
          <Menu.Item onClick={() => go(links.evidence(project, path))}>{words.evidence}</Menu.Item>
          <Menu.Divider />
          <Menu.Item disabled={!there} onClick={() => setOpen('share')}>{words.share}</Menu.Item>
          <Menu.Item disabled={!state.copy?.undo} onClick={() => undo.mutate()}>{words.undo}</Menu.Item>
          <Menu.Item color="red" disabled={!there && !session.pending} onClick={() => setOpen('discard')}>{words.discard}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
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
