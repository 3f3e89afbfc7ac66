/** Gives a role: who, which, and where. */
import { Autocomplete, Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { useAddressQuery } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { ROLE_CHOICES, useEnvironmentNames, useProjectNames, useUserNames } from '../choices';
import { GRANTS } from './keys';

const words = strings.admin.access;

export function GiveRole({ onClose }: { readonly onClose: () => void }) {
  const [query] = useAddressQuery();
  const [user, setUser] = useState(query.q ?? '');
  const [role, setRole] = useState('viewer');
  const [project, setProject] = useState(query.project ?? '');
  const [module, setModule] = useState('');
  const [environment, setEnvironment] = useState('');
  const users = useUserNames(user);
  const projects = useProjectNames();
  const environments = useEnvironmentNames(project);
  const give = useMutation({
    mutationFn: () => data(api.POST('/api/v1/grants', { body: { user: user.trim(), role, project: project.trim(), module: module.trim(), environment } })),
    onSuccess: async () => { await queries.invalidateQueries({ queryKey: GRANTS }); onClose(); },
  });
  return (
    <Modal opened onClose={onClose} title={words.giveTitle}>
      <form onSubmit={(event) => { event.preventDefault(); give.mutate(); }}>
        <Stack>
          <Autocomplete label={words.person} required withAsterisk={false} data={users} value={user} onChange={setUser} data-autofocus />
          <Select label={words.role} allowDeselect={false} data={ROLE_CHOICES} value={role} onChange={(value) => setRole(value ?? 'viewer')} />
          <Autocomplete label={words.project} description={words.projectHelp} required withAsterisk={false} data={['*', ...projects]} value={project} onChange={setProject} />
          <TextInput label={words.module} description={words.moduleHelp} value={module} onChange={(event) => setModule(event.currentTarget.value)} />
          <Autocomplete label={words.environment} description={words.environmentHelp} data={environments} value={environment} onChange={setEnvironment} />
          <Refusal fault={give.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={give.isPending}>{words.giveVerb(role)}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
