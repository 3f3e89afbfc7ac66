/** Signing a decision: what the signature covers, and what this person has to give (asked of the server). */
import { Alert, Button, Group, Modal, PasswordInput, Radio, Stack, Text, TextInput } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { api, data } from '@/api/client';
import type { SignatureIn } from '@/api/schema';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.sign;

export interface SignatureDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** What is decided, in one line. */
  readonly title: string;
  /** What the signature means and covers. */
  readonly meaning: ReactNode;
  readonly onSign: (signature: SignatureIn) => void;
  readonly pending: boolean;
  readonly fault: unknown;
}

export function SignatureDialog({ opened, onClose, ...rest }: SignatureDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} closeButtonProps={{ 'aria-label': strings.common.close }} title={<Group gap={8}><IconSignature size={18} aria-hidden /><strong>{rest.title}</strong></Group>}>
      {/* Made anew each time: nothing of a password stays. */}
      {opened && <SignatureForm onClose={onClose} {...rest} />}
    </Modal>
  );
}

function SignatureForm({ onClose, meaning, onSign, pending, fault }: Omit<SignatureDialogProps, 'opened' | 'title'>) {
  const signing = useQuery({ queryKey: ['me', 'signing'], staleTime: 0, queryFn: () => data(api.GET('/api/v1/me/signing')) });
  const [chosen, choose] = useState(0);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  if (signing.error) return <Refusal fault={signing.error} />;
  if (!signing.data) return <Waiting lines={4} />;
  const { possible, reason, remedy, components, first } = signing.data;
  if (!possible) {
    return (
      <Stack>
        <Alert color="orange" title={words.notPossible}>{reason}{remedy && <Text size="sm" mt={4}><strong>{strings.common.whatToDo}: </strong>{remedy}</Text>}</Alert>
        <Group justify="flex-end"><LinkButton href={links.account('security')}>{words.toAccount}</LinkButton><Button variant="default" onClick={onClose}>{strings.common.close}</Button></Group>
      </Stack>
    );
  }
  const asked = components[chosen] ?? components[0] ?? [];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSign({ password: asked.includes('password') ? password : null, code: asked.includes('code') ? code : null });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <div>{meaning}</div>
        {components.length > 1 && (
          <Radio.Group label={words.how} value={String(chosen)} onChange={(value) => choose(Number(value))}>
            <Stack gap={6} mt={6}>
              {components.map((alternative, at) => <Radio key={at} value={String(at)} label={alternative.map(wordOf).join(words.and)} />)}
            </Stack>
          </Radio.Group>
        )}
        {asked.includes('password') && (
          <PasswordInput label={words.password} autoComplete="current-password" required data-autofocus value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        )}
        {asked.includes('code') && (
          <TextInput label={words.code} description={words.codeHelp} inputMode="numeric" autoComplete="one-time-code" required value={code} onChange={(event) => setCode(event.currentTarget.value)} />
        )}
        {asked.includes('sso') && <Text size="sm">{words.sso}</Text>}
        {!first && <Text size="xs" c="dimmed">{words.again}</Text>}
        <Refusal fault={fault} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{strings.common.cancel}</Button>
          <Button type="submit" loading={pending} leftSection={<IconSignature size={16} aria-hidden />}>{words.sign}</Button>
        </Group>
      </Stack>
    </form>
  );
}

function wordOf(component: string): string {
  return component === 'password' ? words.byPassword : component === 'code' ? words.byCode : component === 'sso' ? words.bySso : component;
}
