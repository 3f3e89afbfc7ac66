/** Where the mirror is and how the server signs in there. Secrets are never shown again. */
import { Modal, PasswordInput, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import type { MirrorIn, MirrorOut } from '@/api/schema';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';

const words = strings.projectSettings.mirror;

export interface MirrorFormProps {
  readonly project: string;
  readonly mirror: MirrorOut | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function MirrorForm({ project, mirror, onClose, onDone }: MirrorFormProps) {
  useFocusBack();
  const [form, setForm] = useState({ url: mirror?.url ?? '', way: mirror ? 'keep' : 'password', user: '', password: '', key: '', host: '', all: mirror?.all_branches ?? false, enabled: mirror?.enabled ?? true });
  const put = (change: Partial<typeof form>): void => setForm((now) => ({ ...now, ...change }));
  const credentials = (): MirrorIn['credentials'] => {
    if (form.way === 'password') return { kind: 'password', user: form.user, password: form.password };
    if (form.way === 'ssh_key') return { kind: 'ssh_key', private_key: form.key, known_host: form.host };
    return form.way === 'none' ? { kind: 'none' } : undefined;
  };
  const save = useMutation({
    mutationFn: () => data(api.PUT('/api/v1/projects/{project}/mirror', { params: { path: { project } }, body: { url: form.url.trim(), all_branches: form.all, enabled: form.enabled, credentials: credentials() } })),
    onSuccess: onDone,
  });
  useFocusWrong(save.error);
  const wrong = fieldFaults(save.error, ['url', 'credentials'], { 'bad-mirror-address': 'url', 'mirror-host-refused': 'url', 'bad-mirror-credentials': 'credentials' });
  const secret = (field: string): string | undefined => (form.way === field ? wrong.at.credentials : undefined);
  const ways = Object.entries(words.ways).filter(([value]) => value !== 'keep' || mirror !== null).map(([value, label]) => ({ value, label }));
  return (
    <Modal opened onClose={onClose} title={mirror ? words.change : words.set} size="lg">
      <form onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}>
        <Stack>
          <TextInput label={words.url} description={words.urlHelp} error={wrong.at.url} required withAsterisk={false} maxLength={1000} data-autofocus value={form.url} onChange={(event) => put({ url: event.currentTarget.value })} />
          <Select label={words.way} error={form.way === 'keep' || form.way === 'none' ? wrong.at.credentials : undefined} allowDeselect={false} data={ways} value={form.way} onChange={(way) => put({ way: way ?? 'none' })} />
          {form.way === 'password' && <TextInput label={words.user} description={words.userHelp} required withAsterisk={false} autoComplete="off" value={form.user} onChange={(event) => put({ user: event.currentTarget.value })} />}
          {form.way === 'password' && <PasswordInput label={words.password} error={secret('password')} required withAsterisk={false} autoComplete="new-password" value={form.password} onChange={(event) => put({ password: event.currentTarget.value })} />}
          {form.way === 'ssh_key' && <Textarea label={words.key} description={words.keyHelp} error={secret('ssh_key')} required withAsterisk={false} autosize minRows={3} autoComplete="off" value={form.key} onChange={(event) => put({ key: event.currentTarget.value })} />}
          {form.way === 'ssh_key' && <Textarea label={words.host} description={words.hostHelp} required withAsterisk={false} autosize minRows={2} value={form.host} onChange={(event) => put({ host: event.currentTarget.value })} />}
          <Switch label={words.all} checked={form.all} onChange={(event) => put({ all: event.currentTarget.checked })} />
          <Switch label={words.enabled} checked={form.enabled} onChange={(event) => put({ enabled: event.currentTarget.checked })} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={save.isPending}>{words.save}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
