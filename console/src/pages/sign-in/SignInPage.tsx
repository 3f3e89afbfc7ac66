/** Signing in: name and password, then a code where the person has an app; or at the company's identity provider. */
import { Button, Divider, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, data, rememberCsrf } from '@/api/client';
import { isProblem } from '@/api/problem';
import { queries } from '@/api/queries';
import { sessionQuery } from '@/api/session';
import { links } from '@/links';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { afterSignIn } from './afterSignIn';
import classes from './sign-in.module.css';

const words = strings.signIn;
const CODE_NEEDED = 'urn:promptops:problem:code-needed';

export function SignInPage() {
  useDocumentTitle(words.title);
  const [{ next }] = useAddressQuery();
  const go = useGo();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const ways = useQuery({ queryKey: ['session', 'ways'], queryFn: () => data(api.GET('/api/v1/session/ways')) }).data;
  const signIn = useMutation({
    mutationFn: () => data(api.POST('/api/v1/session', { body: { name, password, code: code.trim() || undefined } })),
    onSuccess: (session) => {
      rememberCsrf(session.csrf);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      go(session.must.length > 0 ? links.account('security') : afterSignIn(next), { replace: true });
    },
  });
  const asksCode = isProblem(signIn.error, 401) && signIn.error.problem.type === CODE_NEEDED;
  const withCode = asksCode || code !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <main className={classes.page}>
      <img src="/icon.svg" alt="" width={44} height={44} />
      <h1>{words.title}</h1>
      <Paper withBorder p="lg" w="100%" maw={380} component="form" onSubmit={submit} radius="lg">
        <Stack>
          <TextInput label={words.name} autoComplete="username" autoFocus required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <PasswordInput label={words.password} autoComplete="current-password" required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
          {withCode && (
            <TextInput label={words.code} description={words.codeHelp} autoComplete="one-time-code" autoFocus required withAsterisk={false} value={code} onChange={(event) => setCode(event.currentTarget.value)} />
          )}
          {!asksCode && <Refusal fault={signIn.error} />}
          <Button type="submit" loading={signIn.isPending}>{words.signIn}</Button>
          {ways?.sso && (
            <>
              <Divider label={words.or} />
              <Button component="a" variant="default" href={`/auth/oidc/start?return_to=${encodeURIComponent(afterSignIn(next))}`}>{words.sso}</Button>
            </>
          )}
        </Stack>
      </Paper>
      <Text size="sm" c="dimmed" ta="center">{words.lead}</Text>
    </main>
  );
}
