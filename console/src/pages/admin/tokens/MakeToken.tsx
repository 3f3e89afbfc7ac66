/** Makes a token for a service account, adding the account where it is new; shows the secret once, with what to write around it. */
import { Autocomplete, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { DialogFoot } from '@/parts/DialogFoot';
import { Refusal } from '@/parts/Refusal';
import { SecretDialog } from '@/parts/Secret';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { placeFaults, requirePlace, ROLE_CHOICES, useEnvironmentNames, useProjectNames, useUserNames } from '../choices';
import { USERS } from '../people/keys';
import { TOKENS } from './keys';
import { PYTHON, variables } from './usage';
import classes from '../admin.module.css';

const words = strings.admin.tokens;
const DAY = 86_400_000;
const FIELDS = ['name', 'user', 'project', 'environment', 'role', 'expires_at'];

/** Adds the service account where there is none of that name. */
async function ensureAccount(name: string): Promise<void> {
  const found = await data(api.GET('/api/v1/users', { params: { query: { q: name, kind: 'service', limit: 20 } } }));
  if (found.items.some((one) => one.name === name)) return;
  await api.POST('/api/v1/users', { body: { name, kind: 'service', admin: false } });
  await queries.invalidateQueries({ queryKey: USERS });
}

export function MakeToken({ onClose }: { readonly onClose: () => void }) {
  useFocusBack();
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
  const isNew = user.trim() !== '' && !users.includes(user.trim());
  const make = useMutation({
    gcTime: 0,
    mutationFn: async () => {
      await requirePlace(project.trim(), delivery ? environment.trim() : '');
      await ensureAccount(user.trim());
      const expires = days === '' ? null : new Date(Date.now() + Number(days) * DAY).toISOString();
      const body = { name: name.trim(), user: user.trim(), project: project.trim() || null, environment: delivery ? environment.trim() : null, role: delivery ? null : role, expires_at: expires };
      return data(api.POST('/api/v1/tokens', { body }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: TOKENS }),
  });
  useFocusWrong(make.error);
  if (make.data) {
    const made = make.data;
    const reads = { server: window.location.origin, token: made.token, project: made.project ?? '', environment: made.environment ?? '' };
    return (
      <SecretDialog title={words.made(made.name, made.user)} label={words.name} value={made.token} note={words.shownOnce} onDone={onClose}>
        {made.environment === null && <Text size="sm">{words.noMore(made.user)} <AppLink href={links.admin('access', { user: made.user })}>{words.seeRoles}</AppLink></Text>}
        <Text fw={600} size="sm">{words.variables}</Text>
        <pre className={classes.code}>{variables(reads)}</pre>
        {made.environment && <><Text fw={600} size="sm">{words.inPython}</Text><pre className={classes.code}>{PYTHON}</pre></>}
      </SecretDialog>
    );
  }
  const wrong = placeFaults(make.error, FIELDS, { 'not-found': 'user', 'name-taken': 'user', invalid: 'expires_at', denied: 'role' });
  return (
    <Modal opened onClose={onClose} title={words.makeTitle}>
      <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Stack>
          <Select label={words.purpose} allowDeselect={false} value={purpose} onChange={(value) => setPurpose(value === 'role' ? 'role' : 'delivery')} data={Object.entries(words.purposes).map(([value, label]) => ({ value, label }))} />
          <Autocomplete label={words.service} description={isNew ? words.newService(user.trim()) : words.serviceHelp} error={wrong.at.user} required withAsterisk={false} data={users} value={user} onChange={setUser} data-autofocus />
          <TextInput label={words.name} description={words.nameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Autocomplete label={strings.admin.access.project} description={delivery ? undefined : words.projectHelp} error={wrong.at.project} required={delivery} withAsterisk={false} data={projects} value={project} onChange={setProject} />
          {delivery
            ? <Autocomplete label={strings.admin.access.environment} error={wrong.at.environment} required withAsterisk={false} data={environments} value={environment} onChange={setEnvironment} />
            : <Select label={words.role} error={wrong.at.role} clearable placeholder={words.noRole} data={ROLE_CHOICES} value={role} onChange={setRole} />}
          <NumberInput label={words.days} description={words.daysHelp} error={wrong.at.expires_at} min={1} allowDecimal={false} value={days} onChange={setDays} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={make.isPending}>{words.make}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
