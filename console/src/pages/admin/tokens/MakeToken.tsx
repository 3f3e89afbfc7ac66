/** Makes a token for a service account, adding the account where it is new; shows the secret once, with what to write around it. */
import { Autocomplete, Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { Secret } from '@/parts/Secret';
import { strings } from '@/strings';
import { ROLE_CHOICES, useEnvironmentNames, useProjectNames, useUserNames } from '../choices';
import { USERS } from '../people/keys';
import { TOKENS } from './keys';
import { PYTHON, variables } from './usage';
import classes from '../admin.module.css';

const words = strings.admin.tokens;
const DAY = 86_400_000;

export function MakeToken({ onClose }: { readonly onClose: () => void }) {
  const [user, setUser] = useState('');
  const [name, setName] = useState('');
  const [purpose, setPurpose] = useState<'delivery' | 'role'>('delivery');
  const [role, setRole] = useState<string | null>(null);
  const [project, setProject] = useState('');
  const [environment, setEnvironment] = useState('');
  const [days, setDays] = useState<number | string>(365);
  const users = useUserNames(user, 'service');
  const projects = useProjectNames();
  const environments = useEnvironmentNames(project);
  const delivery = purpose === 'delivery';
  const isNew = user.trim() !== '' && users.length === 0;
  const make = useMutation({
    gcTime: 0,
    mutationFn: async () => {
      if (isNew) {
        await api.POST('/api/v1/users', { body: { name: user.trim(), kind: 'service', admin: false } });
        await queries.invalidateQueries({ queryKey: USERS });
      }
      const expires = days === '' ? null : new Date(Date.now() + Number(days) * DAY).toISOString();
      const body = { name: name.trim(), user: user.trim(), project: project.trim() || null, environment: delivery ? environment : null, role: delivery ? null : role, expires_at: expires };
      return data(api.POST('/api/v1/tokens', { body }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: TOKENS }),
  });
  if (make.data) {
    const made = make.data;
    const reads = { server: window.location.origin, token: made.token, project: made.project ?? '', environment: made.environment ?? '' };
    return (
      <Modal opened onClose={onClose} title={words.makeTitle} size="lg" closeOnClickOutside={false}>
        <Stack>
          <Secret value={made.token} note={words.shownOnce} onDone={onClose} />
          <Text fw={600} size="sm">{words.variables}</Text>
          <pre className={classes.code}>{variables(reads)}</pre>
          {made.environment && <><Text fw={600} size="sm">{words.inPython}</Text><pre className={classes.code}>{PYTHON}</pre></>}
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={words.makeTitle}>
      <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Stack>
          <Select label={words.purpose} allowDeselect={false} value={purpose} onChange={(value) => setPurpose(value === 'role' ? 'role' : 'delivery')} data={Object.entries(words.purposes).map(([value, label]) => ({ value, label }))} />
          <Autocomplete label={words.service} description={isNew ? words.newService(user.trim()) : words.serviceHelp} required withAsterisk={false} data={users} value={user} onChange={setUser} data-autofocus />
          <TextInput label={words.name} required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Autocomplete label={strings.admin.access.project} description={delivery ? undefined : strings.common.optional} required={delivery} withAsterisk={false} data={projects} value={project} onChange={setProject} />
          {delivery
            ? <Autocomplete label={strings.admin.access.environment} required withAsterisk={false} data={environments} value={environment} onChange={setEnvironment} />
            : <Select label={words.role} clearable placeholder={words.noRole} data={ROLE_CHOICES} value={role} onChange={setRole} />}
          <NumberInput label={words.days} min={1} allowDecimal={false} value={days} onChange={setDays} />
          <Refusal fault={make.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={make.isPending}>{words.make}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
