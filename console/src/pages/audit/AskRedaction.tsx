/** Asking for a redaction; first what it would touch, then the request. */
import { Alert, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { request } from '@/api/client';
import type { FiguresOut } from '@/api/schema';
import { PlaceField } from '@/parts/PlaceField';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import classes from './audit.module.css';

const words = strings.audit.redactions;

export interface AskRedactionProps {
  readonly project: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function AskRedaction({ project, onClose, onDone }: AskRedactionProps) {
  useFocusBack();
  const [path, setPath] = useState('');
  const [texts, setTexts] = useState('');
  const [marker, setMarker] = useState('');
  const [reason, setReason] = useState('');
  const [ticket, setTicket] = useState('');
  const send = async (dry: boolean): Promise<Response> =>
    request(`/api/v1/projects/${encodeURIComponent(project)}/redactions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ path: path.trim(), texts: texts.split('\n').filter((line) => line !== ''), marker: marker || undefined, reason, ticket: ticket || undefined, dry_run: dry }),
    });
  const look = useMutation({ mutationFn: async () => (await (await send(true)).json()) as FiguresOut });
  const ask = useMutation({ mutationFn: () => send(false), onSuccess: onDone });
  const edited = (set: (value: string) => void) => (event: { currentTarget: { value: string } }) => {
    set(event.currentTarget.value);
    look.reset();
  };
  const found = look.data;
  return (
    <Modal opened onClose={onClose} title={words.ask} size="lg">
      <Stack>
        <Text size="sm" c="dimmed">{words.lead}</Text>
        <PlaceField project={project} label={words.path} placeholder={words.pathHelp} required focused value={path} onChange={(value) => { setPath(value); look.reset(); }} />
        <Textarea label={words.texts} description={words.textsHelp} required autosize minRows={2} autoComplete="off" value={texts} onChange={edited(setTexts)} />
        <TextInput label={words.marker} placeholder={words.markerDefault} value={marker} onChange={edited(setMarker)} />
        <Group grow>
          <TextInput label={words.reason} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <TextInput label={words.ticket} value={ticket} onChange={(event) => setTicket(event.currentTarget.value)} />
        </Group>
        {found && (
          <Alert color="orange" title={words.touches} role="status">
            <dl className={classes.facts} style={{ gridTemplateColumns: 'max-content minmax(0, 1fr)' }}>
              {([
                [words.figures.versions, found.versions_changed],
                [words.figures.files, found.files],
                [words.figures.other, found.other_files_changed],
                [words.figures.users, found.users_changed],
                [words.figures.releases, found.releases],
                [words.figures.texts, Object.values(found.rows).reduce((sum, count) => sum + count, 0)],
                [words.figures.kept, found.kept.audit_events],
              ] as const).map(([label, count]) => <div key={label} style={{ display: 'contents' }}><dt>{label}</dt><dd>{count.toLocaleString('en')}</dd></div>)}
            </dl>
            {found.live.length > 0 && <Text size="sm" mt={8}><strong>{words.liveWarning}</strong> {found.live.map((place) => `${place.path} v${place.version} (${place.environment})`).join(', ')}</Text>}
          </Alert>
        )}
        <Refusal fault={look.error ?? ask.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{strings.common.cancel}</Button>
          {found ? <Button loading={ask.isPending} onClick={() => ask.mutate()}>{words.submit}</Button>
            : <Button disabled={path.trim() === '' || texts === ''} loading={look.isPending} onClick={() => look.mutate()}>{words.preview}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
