/** Giving somebody a role in the project. */
import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';

const words = strings.projectSettings.access;

export function GiveRole({ project, onClose }: { readonly project: string; readonly onClose: () => void }) {
  useFocusBack();
  const [form, setForm] = useState({ user: '', role: 'author', module: '', environment: '' });
  const put = (change: Partial<typeof form>): void => setForm((now) => ({ ...now, ...change }));
  const give = useMutation({
    mutationFn: () => api.POST('/api/v1/grants', { body: { ...form, project } }),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: projectKey(project) });
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.add}>
      <form onSubmit={(event) => {
        event.preventDefault();
        give.mutate();
      }}>
        <Stack>
          <TextInput label={words.user} required data-autofocus value={form.user} onChange={(event) => put({ user: event.currentTarget.value })} />
          <Select label={words.role} allowDeselect={false} value={form.role} data={Object.entries(words.roles).map(([value, label]) => ({ value, label }))} onChange={(role) => put({ role: role ?? 'author' })} />
          <TextInput label={words.module} value={form.module} onChange={(event) => put({ module: event.currentTarget.value })} />
          <TextInput label={words.environment} value={form.environment} onChange={(event) => put({ environment: event.currentTarget.value })} />
          <Refusal fault={give.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={give.isPending}>{words.add}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
