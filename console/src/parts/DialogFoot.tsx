/** The foot of a dialog that is a form: leave it, or do what it is for. */
import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { strings } from '@/strings';

export interface DialogFootProps {
  readonly onCancel: () => void;
  readonly loading: boolean;
  readonly disabled?: boolean;
  readonly color?: string | undefined;
  /** What the button does. */
  readonly children: ReactNode;
}

export function DialogFoot({ onCancel, children, ...submit }: DialogFootProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onCancel}>{strings.common.cancel}</Button>
      <Button type="submit" {...submit}>{children}</Button>
    </Group>
  );
}
