/** Asks before something is done that ends, takes away or removes: what is lost, a reason, and where nothing brings it back the name. */
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.common;

export interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** On the button that does it. */
  readonly verb: string;
  readonly reason?: 'needed' | 'none';
  /** What must be typed, where nothing brings it back. */
  readonly typed?: string;
  readonly danger?: boolean;
  readonly run: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}

export function Confirm({ title, children, verb, reason = 'none', typed, danger = true, run, onClose }: ConfirmProps) {
  const [why, setWhy] = useState('');
  const [name, setName] = useState('');
  const act = useMutation({ mutationFn: () => run(why.trim()), onSuccess: onClose });
  const ready = (reason === 'none' || why.trim() !== '') && (typed === undefined || name === typed);
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) act.mutate(); }}>
        <Stack>
          <Text size="sm" component="div">{children}</Text>
          {reason === 'needed' && <Textarea label={words.reason} required withAsterisk={false} autosize minRows={2} maxLength={1000} data-autofocus value={why} onChange={(event) => setWhy(event.currentTarget.value)} />}
          {typed !== undefined && <TextInput label={strings.admin.typeToConfirm(typed)} autoComplete="off" value={name} onChange={(event) => setName(event.currentTarget.value)} />}
          <Refusal fault={act.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{words.cancel}</Button>
            <Button type="submit" color={danger ? 'red.8' : undefined} disabled={!ready} loading={act.isPending}>{verb}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
