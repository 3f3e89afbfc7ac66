/** Making a version of the draft: what changes, and why. */
import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { Changes } from './Changes';
import type { DraftSession, DraftState } from './session';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly session: DraftSession; readonly state: DraftState; readonly next: number; readonly onClose: () => void }

export function CreateVersion({ project, path, session, state, next, onClose }: Props) {
  const [message, setMessage] = useState(state.copy?.message ?? '');
  const queries = useQueryClient();
  const go = useGo();
  const create = useMutation({
    mutationFn: () => session.commit(message.trim()),
    onSuccess: async () => {
      await Promise.all(['versions', 'prompts', 'activity', 'records', 'reviews', 'tree', 'working-copies'].map((key) => queries.invalidateQueries({ queryKey: projectKey(project, key) })));
      onClose();
      go(links.prompt(project, path), { replace: true });
    },
  });
  const invalid = state.checked !== null && !state.checked.valid && !session.pending;
  return (
    <Modal opened onClose={onClose} size="min(1100px, 96vw)" title={words.createVersionTitle(next)}>
      <Stack component="form" onSubmit={(event) => {
        event.preventDefault();
        if (message.trim() !== '' && !invalid) create.mutate();
      }}>
        <Textarea data-autofocus label={words.whatChanged} description={words.whatChangedHint} required maxLength={500} autosize minRows={2} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
        {invalid && <Alert color="red">{words.invalidYet}</Alert>}
        <Refusal fault={create.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{strings.common.cancel}</Button>
          <Button type="submit" loading={create.isPending} disabled={message.trim() === '' || invalid}>{words.createVersionTitle(next)}</Button>
        </Group>
        <Text fw={600}>{words.changes}</Text>
        {state.doc && <Changes project={project} path={path} parent={state.parent} doc={state.doc} />}
      </Stack>
    </Modal>
  );
}
