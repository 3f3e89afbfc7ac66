/** What stands where nothing is yet: one sentence, one button, perhaps a line of code. */
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './parts.module.css';

export interface EmptyProps {
  readonly icon?: Icon;
  readonly title: string;
  readonly children?: ReactNode;
  /** The page is nothing but this: its title is the page's heading. */
  readonly whole?: boolean;
  /** The one button. */
  readonly action?: ReactNode;
}

export function Empty({ icon: Mark, title, children, action, whole }: EmptyProps) {
  return (
    <div className={classes.empty}>
      {Mark && <Mark size={36} stroke={1.4} aria-hidden />}
      {whole ? <h1 className={classes.what}>{title}</h1> : <p className={classes.what}>{title}</p>}
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}
