/** Something that needs a right: off, with the server's reason and way out as a tooltip, while the person has it not. */
import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CanOut } from '@/api/schema';

export interface AllowedProps {
  /** The answer of `useCan`; undefined while it is asked. */
  readonly may: CanOut | undefined;
  /** Gets whether it is off. */
  readonly children: (off: boolean) => ReactNode;
}

export function Allowed({ may, children }: AllowedProps) {
  if (may === undefined || may.allowed) return children(may === undefined);
  return <Tooltip label={`${may.reason} ${may.remedy}`.trim()}><span style={{ display: 'inline-block' }}>{children(true)}</span></Tooltip>;
}
