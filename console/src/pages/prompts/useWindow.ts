/** Only the lines in sight are drawn; the page's own scroll is the scroll of the list. */
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';

const ROW = 36;
/** On a phone a line says where a prompt is live below its name. */
const PHONE_ROW = 60;

export interface Windowed {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly lines: readonly VirtualItem[];
  readonly height: number;
  /** Where the list begins within what scrolls; a line's place is `line.start - start`. */
  readonly start: number;
  readonly show: (at: number) => void;
}

export function useWindow(count: number): Windowed {
  const row = useMediaQuery('(max-width: 719px)', false, { getInitialValueInEffect: false }) ? PHONE_ROW : ROW;
  const box = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState(0);
  const scroller = (): HTMLElement | null => document.getElementById('content');
  // What stands above the list (filters, banners) may grow, and then something around the list grows. Measured only then: asking
  // for a place makes the browser lay out the page, which is too much to do at every step of a scroll.
  useLayoutEffect(() => {
    const outer = scroller();
    const list = box.current;
    if (!list || !outer) return undefined;
    const measure = (): void => setStart(Math.round(list.getBoundingClientRect().top - outer.getBoundingClientRect().top + outer.scrollTop));
    measure();
    const watch = new ResizeObserver(measure);
    for (let around = list.parentElement; around !== null && around !== outer; around = around.parentElement) watch.observe(around);
    return () => watch.disconnect();
  }, []);
  // The list is drawn anew whenever it scrolls: that is what the compiler warns of, and what is wanted.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({ count, estimateSize: () => row, overscan: 12, getScrollElement: scroller, scrollMargin: start, scrollPaddingStart: 60, scrollPaddingEnd: 80 });
  useLayoutEffect(() => virtual.measure(), [row, virtual]);
  const show = useCallback((at: number) => virtual.scrollToIndex(at, { align: 'auto' }), [virtual]);
  return { box, lines: virtual.getVirtualItems(), height: virtual.getTotalSize(), start, show };
}
