/** Writing a comment, perhaps with another wording of the line. */
import { Button, Checkbox, Group, Stack, Textarea } from '@mantine/core';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import type { CommentIn } from '@/api/schema';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.reviews;

export interface CommentFormProps {
  readonly label: string;
  /** The line as it reads, where another wording can be suggested. */
  readonly line?: string;
  readonly focus?: boolean;
  readonly button?: string;
  readonly onSend: (body: Partial<CommentIn>) => Promise<unknown>;
  readonly onCancel?: () => void;
}

export function CommentForm({ label, line, focus = false, button = words.comment, onSend, onCancel }: CommentFormProps) {
  const place = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focus) place.current?.focus({ preventScroll: true });
  }, [focus]);
  const [body, setBody] = useState('');
  const [wording, setWording] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const send = async (event?: FormEvent): Promise<void> => {
    event?.preventDefault();
    setPending(true);
    setFault(null);
    try {
      await onSend({ body, suggestion: wording === null || wording === line ? undefined : wording });
      setBody('');
      setWording(null);
    } catch (refused) {
      setFault(refused);
    } finally {
      setPending(false);
    }
  };
  const empty = body.trim() === '' && (wording === null || wording === line);
  return (
    <form onSubmit={(event) => void send(event)} style={{ maxWidth: 720 }}>
      <Stack gap={8}>
        <Textarea
          aria-label={label} placeholder={words.commentPlaceholder} autosize minRows={2} maxRows={14} maxLength={10_000} value={body}
          ref={place} onChange={(event) => setBody(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !empty) void send();
            if (event.key === 'Escape') onCancel?.();
          }}
        />
        {line !== undefined && <Checkbox size="xs" label={words.suggest} checked={wording !== null} onChange={(event) => setWording(event.currentTarget.checked ? line : null)} />}
        {wording !== null && (
          <Textarea label={words.suggestion} autosize value={wording} onChange={(event) => setWording(event.currentTarget.value.replaceAll('\n', ''))} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }} />
        )}
        <Refusal fault={fault} />
        <Group gap={8}>
          <Button type="submit" size="xs" disabled={empty} loading={pending}>{button}</Button>
          {onCancel && <Button size="xs" variant="default" onClick={onCancel}>{strings.common.cancel}</Button>}
        </Group>
      </Stack>
    </form>
  );
}
