/** Changing one's own password. */
import { Button, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.me;

export function PasswordForm({ user }: { readonly user: string }) {
  const [before, setBefore] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => data(api.PATCH('/api/v1/users/{name}', { params: { path: { name: user } }, body: { old_password: before, password } })),
    onSuccess: () => {
      setBefore('');
      setPassword('');
      void queries.invalidateQueries({ queryKey: ['session'] });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm" maw={420}>
        <Title order={2}>{words.password}</Title>
        <input type="text" name="username" autoComplete="username" value={user} readOnly hidden />
        <PasswordInput label={words.oldPassword} autoComplete="current-password" required withAsterisk={false} value={before} onChange={(event) => setBefore(event.currentTarget.value)} />
        <PasswordInput label={words.newPassword} autoComplete="new-password" required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        <Refusal fault={change.error} />
        {change.isSuccess && <Text size="sm" c="var(--good)" role="status">{words.passwordChanged}</Text>}
        <Group><Button type="submit" variant="default" loading={change.isPending}>{words.changePassword}</Button></Group>
      </Stack>
    </form>
  );
}
