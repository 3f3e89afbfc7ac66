/** Adding a person, with a first password shown once, or a service account, which has none. */
import { Button, Group, Modal, SegmentedControl, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { Secret } from '@/parts/Secret';
import { strings } from '@/strings';
import { USERS } from './keys';
import { madePassword } from './password';

const words = strings.admin.people;

export function NewAccount({ onClose }: { readonly onClose: () => void }) {
  const [kind, setKind] = useState<'person' | 'service'>('person');
  const [name, setName] = useState('');
  const [shown, setShown] = useState('');
  const [email, setEmail] = useState('');
  const [admin, setAdmin] = useState(false);
  const person = kind === 'person';
  const make = useMutation({
    mutationFn: async () => {
      const password = person ? madePassword() : null;
      const body = { name: name.trim(), display_name: shown.trim() || null, email: email.trim() || null, kind, admin: person && admin, password };
      const user = await data(api.POST('/api/v1/users', { body }));
      return { user, password };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: USERS }),
    gcTime: 0,
  });
  if (make.data) {
    return (
      <Modal opened onClose={onClose} title={words.addTitle} closeOnClickOutside={false}>
        {make.data.password !== null
          ? <Secret value={make.data.password} note={words.passwordOnce(make.data.user.name)} onDone={onClose} />
          : <Stack><Text size="sm">{words.made(make.data.user.name)}</Text><Button onClick={onClose}>{strings.common.close}</Button></Stack>}
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={words.addTitle}>
      <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Stack>
          <SegmentedControl aria-label={words.kind} value={kind} onChange={(value) => setKind(value as 'person' | 'service')} data={[{ value: 'person', label: words.kinds.person }, { value: 'service', label: words.kinds.service }]} />
          <TextInput label={words.accountName} required withAsterisk={false} maxLength={100} autoComplete="off" data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <TextInput label={words.displayName} description={strings.common.optional} maxLength={200} value={shown} onChange={(event) => setShown(event.currentTarget.value)} />
          {person && <TextInput label={words.email} type="email" description={strings.common.optional} maxLength={320} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />}
          {person && <Switch label={words.adminToo} description={words.adminHelp} checked={admin} onChange={(event) => setAdmin(event.currentTarget.checked)} />}
          <Refusal fault={make.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={make.isPending}>{words.create}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
