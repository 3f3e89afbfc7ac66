/** The frame of a page: title, chips, actions, tabs, content, and facts at the side (a drawer where there is no room). */
import { ActionIcon, Drawer, Skeleton, Stack } from '@mantine/core';
import { useDisclosure, useDocumentTitle, useMediaQuery } from '@mantine/hooks';
import { IconInfoCircle } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { strings } from '@/strings';
import { AppLink } from './AppLink';
import classes from './Page.module.css';

export interface PageTab {
  readonly label: string;
  readonly href: string;
  readonly active: boolean;
  /** A small count beside the label. */
  readonly count?: number;
}

export interface PageProps {
  readonly title: ReactNode;
  /** For the browser's tab; needed where `title` is not text. */
  readonly documentTitle?: string;
  /** Chips beside the title. */
  readonly chips?: ReactNode;
  readonly actions?: ReactNode;
  readonly tabs?: readonly PageTab[];
  readonly inspector?: ReactNode;
  /** From which width of the window the facts stand beside the content, in pixels; more where the content itself is wide. */
  readonly inspectorFrom?: number;
  /** `read` is at most 960 px wide; `full` for tables, diffs, editors. */
  readonly width?: 'read' | 'full';
  readonly children: ReactNode;
}

export function Page({ title, documentTitle, chips, actions, tabs, inspector, inspectorFrom = 1100, width = 'full', children }: PageProps) {
  useDocumentTitle(`${documentTitle ?? (typeof title === 'string' ? title : strings.common.product)} · ${strings.common.product}`);
  const wide = useMediaQuery(`(min-width: ${inspectorFrom}px)`, true, { getInitialValueInEffect: false });
  const [open, { toggle, close }] = useDisclosure(false);
  const bar = useRef<HTMLElement>(null);
  const active = tabs?.find((tab) => tab.active)?.href;
  useEffect(() => {
    // Where the tabs do not fit, the open one is in view.
    const [tab, box] = [bar.current?.querySelector<HTMLElement>('[aria-current=page]'), bar.current];
    if (tab && box && box.scrollWidth > box.clientWidth) box.scrollLeft = tab.offsetLeft - box.offsetLeft - (box.clientWidth - tab.offsetWidth) / 2;
  }, [active]);
  return (
    <div className={classes.page}>
      <div className={classes.main} data-width={width}>
        <header className={classes.head}>
          <h1 className={classes.title}>{title}</h1>
          {chips && <div className={classes.chips}>{chips}</div>}
          <div className={classes.actions}>
            {actions}
            {inspector && !wide && (
              <ActionIcon variant="default" size="lg" aria-label={strings.common.showFacts} onClick={toggle}><IconInfoCircle size={18} /></ActionIcon>
            )}
          </div>
        </header>
        {tabs && (
          <nav ref={bar} className={classes.tabs} aria-label="Sections">
            {tabs.map((tab) => (
              <AppLink key={tab.href} plain href={tab.href} className={classes.tab} aria-current={tab.active ? 'page' : undefined}>
                {tab.label}
                {tab.count !== undefined && <span className={classes.count}>{tab.count.toLocaleString('en')}</span>}
              </AppLink>
            ))}
          </nav>
        )}
        <div className={classes.content}>{children}</div>
      </div>
      {inspector && wide && <aside className={classes.inspector} aria-label={strings.common.facts}>{inspector}</aside>}
      {inspector && !wide && (
        <Drawer opened={open} onClose={close} position="right" title={strings.common.facts} size={340}>{inspector}</Drawer>
      )}
    </div>
  );
}

/** Lines in the shape of what comes. */
export function Waiting({ lines = 6 }: { readonly lines?: number }) {
  return (
    <Stack gap={10} role="status" aria-busy="true" aria-label={strings.common.loading}>
      {Array.from({ length: lines }, (_, at) => <Skeleton key={at} height={18} width={`${94 - ((at * 17) % 40)}%`} />)}
    </Stack>
  );
}

/** A group of facts in the inspector. */
export function Facts({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={classes.facts}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
