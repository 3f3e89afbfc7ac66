/** A secret shown once, with a button that copies it. */
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCopy } from '@tabler/icons-react';
import { useRef, type ReactNode } from 'react';
import { useCopy } from '@/parts/useCopy';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';

export interface SecretProps {
  readonly value: string;
  readonly note: string;
  readonly onDone: () => void;
  /** What it is, for people who hear the field. */
  readonly label?: string;
  /** More to be read with it. */
  readonly children?: ReactNode;
}

export function Secret({ value, note, onDone, label = strings.common.secret, children }: SecretProps) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, copy] = useCopy(value, () => field.current?.select());
  return (
    <Stack>
      <Alert color="orange" icon={<IconAlertTriangle size={18} />}>{note}</Alert>
      <Group gap="xs" wrap="nowrap" align="end">
        <TextInput ref={field} label={label} readOnly value={value} style={{ flex: 1 }} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} onFocus={(event) => event.currentTarget.select()} />
        <Button data-autofocus leftSection={copied === 'yes' ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={copy}>{copied === 'yes' ? strings.common.copied : strings.common.copy}</Button>
      </Group>
      {copied === 'by hand' && <Text size="sm" role="status">{strings.common.copyByHand}</Text>}
      {children}
      <Group justify="flex-end"><Button variant="default" onClick={onDone}>{strings.common.kept}</Button></Group>
    </Stack>
  );
}

/** The same as a dialog. It closes by its button alone: nothing shows the secret again. */
export function SecretDialog({ title, ...secret }: SecretProps & { readonly title: string }) {
  useFocusBack();
  return (
    <Modal opened onClose={secret.onDone} title={title} size="lg" closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false}>
      <Secret {...secret} />
    </Modal>
  );
}
