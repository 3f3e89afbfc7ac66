/** The tabs of a page. Where they do not fit, the one that is shown is in sight, and an edge fades where more follow. */
import { useCallback, useEffect, useRef, useState } from 'react';
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

export function PageTabs({ tabs }: { readonly tabs: readonly PageTab[] }) {
  const bar = useRef<HTMLElement>(null);
  const [hidden, setHidden] = useState('');
  const active = tabs.findIndex((tab) => tab.active);
  const look = useCallback(() => {
    const element = bar.current;
    if (element === null) return;
    const before = element.scrollLeft > 4;
    const after = element.scrollLeft + element.clientWidth < element.scrollWidth - 4;
    setHidden([before && 'before', after && 'after'].filter(Boolean).join(' '));
  }, []);
  useEffect(() => {
    const element = bar.current;
    if (element === null) return undefined;
    const size = new ResizeObserver(look);
    size.observe(element);
    return () => size.disconnect();
  }, [look]);
  useEffect(() => {
    const element = bar.current;
    const tab = element?.children[active];
    if (element && tab instanceof HTMLElement) element.scrollLeft = tab.offsetLeft - element.offsetLeft - (element.clientWidth - tab.offsetWidth) / 2;
  }, [active]);
  return (
    <nav ref={bar} className={classes.tabs} aria-label={strings.common.sections} data-hidden={hidden} onScroll={look}>
      {tabs.map((tab) => (
        <AppLink key={tab.href} plain href={tab.href} className={classes.tab} aria-current={tab.active ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && <span className={classes.count}>{tab.count.toLocaleString('en')}</span>}
        </AppLink>
      ))}
    </nav>
  );
}
