/** Signing in with name and password. */
import { Button, Paper, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, data, rememberCsrf } from '@/api/client';
import { queries } from '@/api/queries';
import { sessionQuery } from '@/api/session';
import { links } from '@/links';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';

export function SignInPage() {
  const [{ next }] = useAddressQuery();
  const go = useGo();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => data(api.POST('/api/v1/session', { body: { name, password } })),
    onSuccess: (session) => {
      rememberCsrf(session.csrf);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      go(next?.startsWith('/') && !next.startsWith('//') ? next : links.home());
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Stack align="center" pt="12vh" px="md">
      <Title order={1}>PromptOps</Title>
      <Paper withBorder p="lg" w="100%" maw={380} component="form" onSubmit={submit}>
        <Stack>
          <TextInput label="Name" autoComplete="username" required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <PasswordInput label="Password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
          <Refusal fault={signIn.error} />
          <Button type="submit" loading={signIn.isPending}>Sign in</Button>
        </Stack>
      </Paper>
    </Stack>
  );
}
