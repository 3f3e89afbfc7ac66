/** Gives a role: who, which, and where. */
import { Autocomplete, Modal, Select, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { DialogFoot } from '@/parts/DialogFoot';
import { useAddressQuery } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { placeFaults, requirePlace, ROLE_CHOICES, useEnvironmentNames, useProjectNames, useUserNames } from '../choices';
import { GRANTS } from './keys';
import { whereOf } from './where';

const words = strings.admin.access;
const FIELDS = ['user', 'role', 'project', 'module', 'environment'];
const BY_KIND = { 'not-found': 'user', 'self-grant': 'user', 'name-taken': 'user', invalid: 'module' };

export function GiveRole({ onClose }: { readonly onClose: () => void }) {
  useFocusBack();
  const [query] = useAddressQuery();
  const [user, setUser] = useState(query.user ?? '');
  const [role, setRole] = useState('viewer');
  const [project, setProject] = useState(query.project ?? '');
  const [module, setModule] = useState('');
  const [environment, setEnvironment] = useState('');
  const users = useUserNames(user);
  const projects = useProjectNames();
  const environments = useEnvironmentNames(project);
  const give = useMutation({
    mutationFn: async () => {
      const body = { user: user.trim(), role, project: project.trim(), module: module.trim().replace(/^\/+|\/+$/g, ''), environment: environment.trim() };
      await requirePlace(body.project, body.environment);
      return data(api.POST('/api/v1/grants', { body }));
    },
    onSuccess: async (given) => {
      await queries.invalidateQueries({ queryKey: GRANTS });
      notifications.show({ message: words.given(given.user, given.role, whereOf(given, words.everyProject)) });
      onClose();
    },
  });
  useFocusWrong(give.error);
  const wrong = placeFaults(give.error, FIELDS, BY_KIND);
  return (
    <Modal opened onClose={onClose} title={words.giveTitle}>
      <form onSubmit={(event) => { event.preventDefault(); give.mutate(); }}>
        <Stack>
          <Autocomplete label={words.person} error={wrong.at.user} required withAsterisk={false} data={users} value={user} onChange={setUser} data-autofocus={user === '' || undefined} />
          <Select label={words.role} error={wrong.at.role} allowDeselect={false} data={ROLE_CHOICES} value={role} onChange={(value) => setRole(value ?? 'viewer')} data-autofocus={user !== '' || undefined} />
          <Autocomplete label={words.project} description={words.projectHelp} error={wrong.at.project} required withAsterisk={false} data={['*', ...projects]} value={project} onChange={setProject} />
          <TextInput label={words.module} description={words.moduleHelp} error={wrong.at.module} disabled={project === '*'} value={module} onChange={(event) => setModule(event.currentTarget.value)} />
          <Autocomplete label={words.environment} description={words.environmentHelp} error={wrong.at.environment} data={environments} value={environment} onChange={setEnvironment} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={give.isPending}>{words.giveVerb(role)}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
