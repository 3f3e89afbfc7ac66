/** Filled messages as plain text; very long ones are cut until asked for. */
import { Button, Text } from '@mantine/core';
import { memo, useState } from 'react';
import { strings } from '@/strings';
import type { Message } from '../document';
import classes from '../prompt.module.css';

const words = strings.prompt;
const SHOWN = 12_000;

export function RenderedMessages({ messages }: { readonly messages: readonly Message[] }) {
  if (messages.length === 0) return <Text size="sm" c="dimmed">{words.emptyPreview}</Text>;
  return messages.map((message, at) => (
    <div key={at} className={classes.message} data-kind="plain">
      <div className={classes.roleSide}><span className={classes.roleText}>{message.role}</span></div>
      <LongText text={typeof message.content === 'string' ? message.content : JSON.stringify(message.content ?? message, null, 2)} />
    </div>
  ));
}

const LongText = memo(function LongText({ text }: { readonly text: string }) {
  const [all, setAll] = useState(false);
  const cut = !all && text.length > SHOWN;
  return (
    <div style={{ minWidth: 0 }}>
      <pre className={classes.text}>{cut ? `${text.slice(0, SHOWN)}…` : text}</pre>
      {cut && <Button mt={4} size="compact-xs" variant="subtle" onClick={() => setAll(true)}>{words.showAll(text.length)}</Button>}
    </div>
  );
});
