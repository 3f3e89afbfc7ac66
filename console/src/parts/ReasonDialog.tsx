/** A dialog that asks why before something is done; `confirm` is a word to type where nothing brings it back. */
import { Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';

export interface ReasonDialogProps {
  readonly title: string;
  readonly action: string;
  readonly children?: ReactNode;
  /** The word to type; without one nothing is asked. */
  readonly confirm?: { readonly word: string; readonly label: string };
  /** No reason is asked for. */
  readonly withoutReason?: boolean;
  readonly danger?: boolean;
  readonly busy: boolean;
  readonly fault: unknown;
  readonly onClose: () => void;
  readonly onDo: (reason: string) => void;
}

export function ReasonDialog({ title, action, children, confirm, withoutReason, danger, busy, fault, onClose, onDo }: ReasonDialogProps) {
  useFocusBack();
  useFocusWrong(fault);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const wrong = fieldFaults(fault, withoutReason ? [] : ['reason']);
  const ready = (withoutReason || reason.trim() !== '') && (confirm === undefined || typed === confirm.word);
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={(event) => {
        event.preventDefault();
        if (ready) onDo(reason.trim());
      }}>
        <Stack>
          {typeof children === 'string' ? <Text size="sm">{children}</Text> : children}
          {!withoutReason && <Textarea label={strings.common.reason} error={wrong.at.reason} autosize minRows={2} required withAsterisk={false} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />}
          {confirm && <TextInput label={confirm.label} autoComplete="off" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />}
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} color={danger ? 'red.8' : undefined} disabled={!ready} loading={busy}>{action}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
