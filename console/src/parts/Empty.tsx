/** What stands where nothing is yet: one sentence, one button, perhaps a line of code. */
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './parts.module.css';

export interface EmptyProps {
  readonly icon?: Icon;
  readonly title: string;
  readonly children?: ReactNode;
  /** The one button. */
  readonly action?: ReactNode;
}

export function Empty({ icon: Mark, title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      {Mark && <Mark size={36} stroke={1.4} aria-hidden />}
      <p className={classes.what}>{title}</p>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}
