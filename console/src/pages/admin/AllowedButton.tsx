/** A button that the server's rules may close: then it says why, and what would open it. */
import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { useCan } from '@/api/session';

export interface AllowedButtonProps extends ButtonProps {
  readonly action: string;
  /** Read aloud instead of what stands on it, where there are many alike. */
  readonly label?: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

export function AllowedButton({ action, label, onClick, children, ...rest }: AllowedButtonProps) {
  const can = useCan(action, '');
  const closed = can?.allowed === false;
  return (
    <Tooltip label={closed ? `${can.reason} ${can.remedy}` : ''} disabled={!closed}>
      <Button {...rest} aria-label={label} data-disabled={closed || undefined} aria-disabled={closed || undefined} onClick={closed ? undefined : onClick}>{children}</Button>
    </Tooltip>
  );
}
