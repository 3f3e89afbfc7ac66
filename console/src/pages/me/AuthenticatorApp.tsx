/** The second factor: an authenticator app and its recovery codes. */
import { Alert, Button, Code, CopyButton, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Waiting } from '@/parts/Page';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from './me.module.css';

const words = strings.me;
const KEY = ['me', 'totp'];

export function AuthenticatorApp() {
  const app = useQuery({ queryKey: KEY, queryFn: () => data(api.GET('/api/v1/me/totp')) });
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [leaving, setLeaving] = useState(false);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const refresh = (): void => {
    setCode('');
    void queries.invalidateQueries({ queryKey: KEY });
    void queries.invalidateQueries({ queryKey: ['session'] });
  };
  const proof = { password: password || undefined };
  const enrol = useMutation({
    mutationFn: () => data(api.POST('/api/v1/me/totp', { body: { ...proof, code: code || undefined } })),
    onSuccess: () => setCode(''),
  });
  const confirm = useMutation({
    mutationFn: () => data(api.POST('/api/v1/me/totp/confirm', { body: { code } })),
    onSuccess: (made) => {
      setCodes(made.codes);
      enrol.reset();
      refresh();
    },
  });
  const off = useMutation({ mutationFn: () => api.POST('/api/v1/me/totp/off', { body: { ...proof, code } }), onSettled: () => setLeaving(false), onSuccess: refresh });
  const renew = useMutation({
    mutationFn: () => data(api.POST('/api/v1/me/recovery-codes', { body: { ...proof, code } })),
    onSuccess: (made) => {
      setCodes(made.codes);
      refresh();
    },
  });
  if (!app.data) return app.error ? <Refusal fault={app.error} /> : <Waiting lines={3} />;
  const enrolled = app.data.enrolled;
  const enrolling = enrol.data !== undefined;
  return (
    <Stack gap="sm" maw={520}>
      <Title order={2}>{words.app}</Title>
      <Text size="sm">{enrolled ? words.appOn(app.data.recovery_codes_left) : words.appOff}</Text>
      {codes.length > 0 && (
        <Alert title={words.codesTitle} color="blue">
          <Text size="sm">{words.codesHelp}</Text>
          <SimpleGrid cols={2} spacing={4} my="sm">{codes.map((one) => <Code key={one}>{one}</Code>)}</SimpleGrid>
          <Group gap={6}>
            <CopyButton value={codes.join('\n')}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
            <Button size="xs" onClick={() => setCodes([])}>{words.kept}</Button>
          </Group>
        </Alert>
      )}
      {!enrolling && <PasswordInput label={words.oldPassword} autoComplete="current-password" maw={420} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />}
      {enrol.data && (
        <>
          <Text size="sm">{words.scan}</Text>
          <pre className={classes.qr} aria-hidden>{enrol.data.qr}</pre>
          <Text size="sm">{words.secret}: <Code>{enrol.data.secret}</Code></Text>
        </>
      )}
      {(enrolled || enrolling) && <TextInput label={words.code} autoComplete="one-time-code" maw={200} value={code} onChange={(event) => setCode(event.currentTarget.value)} />}
      <Refusal fault={enrol.error ?? confirm.error ?? off.error ?? renew.error} />
      <Group>
        {enrolling ? (
          <Button onClick={() => confirm.mutate()} loading={confirm.isPending} disabled={code === ''}>{words.confirm}</Button>
        ) : (
          <Button variant="default" onClick={() => enrol.mutate()} loading={enrol.isPending}>{words.setUp}</Button>
        )}
        {enrolled && !enrolling && (
          <>
            <Button variant="default" onClick={() => renew.mutate()} loading={renew.isPending} disabled={code === ''}>{words.newCodes}</Button>
            <Button variant="default" color="red" onClick={() => setLeaving(true)} disabled={code === ''}>{words.remove}</Button>
          </>
        )}
      </Group>
      {leaving && <ReasonDialog title={words.removeTitle} action={words.remove} danger withoutReason busy={off.isPending} fault={null} onClose={() => setLeaving(false)} onDo={() => off.mutate()}>{words.removeHelp}</ReasonDialog>}
    </Stack>
  );
}
