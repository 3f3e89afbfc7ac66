/** Adding a person, with a first password shown once, or a service account, which has none. */
import { Button, Group, Modal, SegmentedControl, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { SecretDialog } from '@/parts/Secret';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { USERS } from './keys';
import { madePassword } from './password';

const words = strings.admin.people;
const FIELDS = ['name', 'display_name', 'email'];

export function NewAccount({ onClose }: { readonly onClose: () => void }) {
  useFocusBack();
  const [kind, setKind] = useState<'person' | 'service'>('person');
  const [name, setName] = useState('');
  const [shown, setShown] = useState('');
  const [email, setEmail] = useState('');
  const [admin, setAdmin] = useState(false);
  const person = kind === 'person';
  const make = useMutation({
    mutationFn: async () => {
      const password = person ? madePassword() : null;
      const body = { name: name.trim(), display_name: shown.trim() || null, email: (person && email.trim()) || null, kind, admin: person && admin, password };
      const user = await data(api.POST('/api/v1/users', { body }));
      return { user, password };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: USERS }),
    gcTime: 0,
  });
  useFocusWrong(make.error);
  const wrong = fieldFaults(make.error, FIELDS, { 'name-taken': 'name', invalid: 'name' });
  if (make.data) {
    const { user, password } = make.data;
    const next = <Text size="sm">{user.admin ? words.nextAdmin : words.next} <AppLink href={links.admin('access', { user: user.name })}>{words.giveRole(user.name)}</AppLink></Text>;
    if (password !== null) return <SecretDialog title={words.added(user.name)} label={words.password} value={password} note={words.passwordOnce(user.name)} onDone={onClose}>{next}</SecretDialog>;
    return (
      <Modal opened onClose={onClose} title={words.added(user.name)}>
        <Stack>
          <Text size="sm">{words.made} <AppLink href={links.admin('tokens')}>{words.toTokens}</AppLink></Text>
          <Group justify="flex-end"><Button data-autofocus onClick={onClose}>{strings.common.close}</Button></Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={words.addTitle}>
      <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Stack>
          <SegmentedControl aria-label={words.kind} value={kind} onChange={(value) => setKind(value as 'person' | 'service')} data={[{ value: 'person', label: words.one.person }, { value: 'service', label: words.one.service }]} />
          <TextInput label={words.accountName} description={person ? words.accountNameHelp : words.serviceNameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={100} autoComplete="off" data-autofocus value={name} onChange={(event) => { setName(event.currentTarget.value); make.reset(); }} />
          <TextInput label={words.displayName} description={strings.common.optional} error={wrong.at.display_name} maxLength={200} value={shown} onChange={(event) => setShown(event.currentTarget.value)} />
          {person && <TextInput label={words.email} type="email" description={strings.common.optional} error={wrong.at.email} maxLength={320} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />}
          {person && <Switch label={words.adminToo} description={words.adminHelp} checked={admin} onChange={(event) => setAdmin(event.currentTarget.checked)} />}
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={make.isPending}>{words.create}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
