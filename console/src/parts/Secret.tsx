/** A secret shown once, with a button that copies it. */
import { Alert, Button, Code, CopyButton, Group, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { strings } from '@/strings';

export interface SecretProps {
  readonly value: string;
  readonly note: string;
  readonly onDone: () => void;
}

export function Secret({ value, note, onDone }: SecretProps) {
  return (
    <Stack>
      <Alert color="orange" icon={<IconAlertTriangle size={18} />}>{note}</Alert>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{value}</Code>
      <Group>
        <CopyButton value={value}>{({ copied, copy }) => <Button onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
        <Button variant="default" onClick={onDone}>{strings.common.close}</Button>
      </Group>
    </Stack>
  );
}
