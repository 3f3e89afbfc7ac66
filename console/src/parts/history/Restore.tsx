/** Restoring the content of a version as a new one: what would change first, then the message. */
import { Modal, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { projectKey } from '@/api/queries';
import { DialogFoot } from '@/parts/DialogFoot';
import { PromptDiff } from '@/parts/diff/PromptDiff';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.history.panel;

export function Restore({ project, path, version, newest, onClose }: { readonly project: string; readonly path: string; readonly version: number; readonly newest: number; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [message, setMessage] = useState('');
  const restore = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/restore/{path}', { params: { path: { project, path } }, headers: ifMatch(`"v${newest}"`), body: { version, message: message.trim() === '' ? words.restoreDefault(version) : message } })),
    onSuccess: (made) => {
      for (const key of ['versions', 'prompts', 'overview', 'compare', 'reviews']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
      notifications.show({ message: words.restoreDone(made.version) });
      onClose();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    restore.mutate();
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ 'aria-label': strings.common.close }} size={960} title={<strong>{words.restoreTitle(version)}</strong>} scrollAreaComponent={ScrollArea.Autosize}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{words.restoreWhat(version, newest)}</Text>
          <PromptDiff project={project} path={path} from={newest} to={version} />
          <TextInput label={words.restoreMessage} placeholder={words.restoreDefault(version)} maxLength={500} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
          <Refusal fault={restore.error} />
          <DialogFoot onCancel={onClose} loading={restore.isPending}>{words.restore}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
