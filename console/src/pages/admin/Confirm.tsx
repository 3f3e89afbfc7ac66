/** Asks before something is done that ends, takes away or removes: what is lost, a reason, and where nothing brings it back the name. */
import { Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { strings } from '@/strings';

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
  /** When it was done, and when it was called off unless `onCancel` says otherwise. */
  readonly onClose: () => void;
  readonly onCancel?: () => void;
}

export function Confirm({ title, children, verb, reason = 'none', typed, danger = true, run, onClose, onCancel = onClose }: ConfirmProps) {
  const act = useMutation({ mutationFn: run, onSuccess: onClose });
  return (
    <ReasonDialog
      title={title} action={verb} danger={danger} withoutReason={reason === 'none'} busy={act.isPending} fault={act.error} onClose={onCancel} onDo={(why) => act.mutate(why)}
      confirm={typed === undefined ? undefined : { word: typed, label: strings.admin.typeToConfirm(typed) }}
    >
      <Text size="sm" component="div">{children}</Text>
    </ReasonDialog>
  );
}
