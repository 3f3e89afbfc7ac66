/** Giving somebody a role in the project. */
import { Autocomplete, Modal, Select, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { useModuleNames } from '@/parts/modules';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { useEnvironmentNames } from './useEnvironmentNames';

const words = strings.projectSettings.access;
const BY_KIND = { 'not-found': 'user', 'self-grant': 'user', 'name-taken': 'user', invalid: 'module' };

export function GiveRole({ project, onClose }: { readonly project: string; readonly onClose: () => void }) {
  useFocusBack();
  const [form, setForm] = useState({ user: '', role: 'author', module: '', environment: '' });
  const put = (change: Partial<typeof form>): void => setForm((now) => ({ ...now, ...change }));
  const [begins] = useDebouncedValue(form.user.trim(), 150);
  const users = useQuery({
    queryKey: ['system', 'users', 'names', begins, ''],
    queryFn: () => data(api.GET('/api/v1/users', { params: { query: { q: begins, limit: 20 } } })),
  });
  const environments = useEnvironmentNames(project);
  const modules = useModuleNames(project, form.module);
  const give = useMutation({
    mutationFn: () => api.POST('/api/v1/grants', { body: { ...form, user: form.user.trim(), module: form.module.trim().replace(/^\/+|\/+$/g, ''), project } }),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: projectKey(project) });
    },
  });
  useFocusWrong(give.error);
  const wrong = fieldFaults(give.error, ['user', 'role', 'module', 'environment'], BY_KIND);
  return (
    <Modal opened onClose={onClose} title={words.add}>
      <form onSubmit={(event) => {
        event.preventDefault();
        give.mutate();
      }}>
        <Stack>
          <Autocomplete label={words.user} error={wrong.at.user} required withAsterisk={false} data-autofocus data={users.data?.items.map(({ name }) => name) ?? []} value={form.user} onChange={(user) => put({ user })} />
          <Select label={words.role} error={wrong.at.role} allowDeselect={false} value={form.role} data={Object.entries(words.roles).map(([value, label]) => ({ value, label }))} onChange={(role) => put({ role: role ?? 'author' })} />
          <Autocomplete label={words.module} description={words.moduleHelp} error={wrong.at.module} data={modules} value={form.module} onChange={(module) => put({ module })} />
          <Select label={words.environment} error={wrong.at.environment} clearable placeholder={words.anywhere} data={environments} value={form.environment || null} onChange={(environment) => put({ environment: environment ?? '' })} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={give.isPending}>{words.giveVerb(form.role)}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
