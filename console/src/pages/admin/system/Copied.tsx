/** Text to take elsewhere, with a button that copies it; without a clipboard (plain HTTP) it is selected instead. */
import { Button, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useId, useRef } from 'react';
import { useCopy } from '@/parts/useCopy';
import { strings } from '@/strings';
import classes from '../admin.module.css';

export interface CopiedProps {
  readonly label: string;
  /** What the button copies, for people who hear it. */
  readonly what: string;
  readonly value: string;
}

export function Copied({ label, what, value }: CopiedProps) {
  const id = useId();
  const text = useRef<HTMLPreElement>(null);
  const [copied, copy] = useCopy(value, () => {
    if (text.current) window.getSelection()?.selectAllChildren(text.current);
  });
  return (
    <div>
      <Text size="sm" mt="sm" mb={2} id={id}>{label}</Text>
      <Group align="start" gap="xs">
        <pre ref={text} className={classes.code} aria-labelledby={id} style={{ flex: '1 1 280px', minWidth: 0 }}>{value.trimEnd()}</pre>
        <Button variant="default" aria-label={what} leftSection={copied === 'yes' ? <IconCheck size={16} /> : <IconCopy size={16} />} style={{ flex: 'none' }} onClick={copy}>{copied === 'yes' ? strings.common.copied : strings.common.copy}</Button>
      </Group>
      <Text size="sm" c="dimmed" role="status">{copied === 'by hand' ? strings.common.copyByHand : ''}</Text>
    </div>
  );
}
