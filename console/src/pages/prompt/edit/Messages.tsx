/** The messages, one editor each, roles at the left edge. */
import { Button, Group } from '@mantine/core';
import type { Extension } from '@codemirror/state';
import { IconMessagePlus, IconMessages } from '@tabler/icons-react';
import { strings } from '@/strings';
import { changed, moved, removed, type Message } from '../document';
import { faultsAt, type Fault } from '../problems';
import classes from '../prompt.module.css';
import { MessageRow } from './MessageRow';

const words = strings.prompt;

interface Props {
  /** Key path of the list: `messages`, `variants.claude.messages`. */
  readonly name: string;
  readonly messages: readonly Message[];
  readonly faults: readonly Fault[];
  readonly kit: Extension;
  readonly onChange?: (how: (messages: readonly Message[]) => readonly Message[]) => void;
  /** Declare a variable. */
  readonly onFix?: ((variable: string) => void) | undefined;
}

export function Messages({ name, messages, faults, kit, onChange, onFix }: Props) {
  const role = messages.at(-1)?.role === 'user' ? 'assistant' : messages.length === 0 ? 'system' : 'user';
  return (
    <section className={classes.section} aria-label={words.messages}>
      {messages.map((message, at) => (
        <MessageRow
          key={at} at={at} count={messages.length} message={message} faults={faultsAt(faults, `${name}[${at}]`)} name={`${name}[${at}]`} kit={kit} onFix={onFix}
          {...(onChange ? {
            onChange: (next: Message) => onChange((now) => changed(now, at, next)),
            onMove: (to: number) => onChange((now) => moved(now, at, to)),
            onRemove: () => onChange((now) => removed(now, at)),
          } : {})}
        />
      ))}
      {onChange && (
        <Group gap="xs">
          <Button variant="default" size="xs" leftSection={<IconMessagePlus size={15} />} onClick={() => onChange((now) => [...now, { role, content: '' }])}>{words.addMessage}</Button>
          <Button variant="default" size="xs" leftSection={<IconMessages size={15} />} onClick={() => onChange((now) => [...now, { placeholder: 'conversation' }])}>{words.addPlaceholder}</Button>
        </Group>
      )}
    </section>
  );
}
