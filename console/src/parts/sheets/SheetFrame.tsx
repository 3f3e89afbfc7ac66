/** The frame of a sheet: it comes from the right; its foot with the one action is always in sight. */
import { Drawer } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { strings } from '@/strings';
import classes from './sheets.module.css';

export interface SheetFrameProps {
  readonly title: ReactNode;
  readonly close: () => void;
  readonly foot?: ReactNode;
  readonly danger?: boolean;
  readonly children: ReactNode;
}

export function SheetFrame({ title, close, foot, danger = false, children }: SheetFrameProps) {
  // Opened after the first paint, so that it slides in although it is mounted open.
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setOpened(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size="min(820px, 100vw)"
      title={title}
      returnFocus={false}
      // Its header is no banner of the page.
      attributes={{ header: { role: 'presentation' } }}
      closeButtonProps={{ 'aria-label': strings.common.close }}
      classNames={{ content: classes.content, body: classes.body, header: danger ? classes.dangerHead : classes.head, title: classes.title }}
    >
      <div className={classes.scroll}>{children}</div>
      {foot && <div className={classes.foot}>{foot}</div>}
    </Drawer>
  );
}

/** A part of a sheet with its heading. */
export function Section({ title, aside, children }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <h3 className={classes.heading}>{title}{aside && <span className={classes.aside}>{aside}</span>}</h3>
      {children}
    </section>
  );
}
