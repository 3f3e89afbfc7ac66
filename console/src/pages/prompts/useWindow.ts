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
  // What stands above the list (filters, banners) may grow: measured after every drawing, and told only when it changed.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const outer = scroller();
    if (!box.current || !outer) return;
    const from = Math.round(box.current.getBoundingClientRect().top - outer.getBoundingClientRect().top + outer.scrollTop);
    if (from !== start) setStart(from);
  });
  // The list is drawn anew whenever it scrolls: that is what the compiler warns of, and what is wanted.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({ count, estimateSize: () => row, overscan: 12, getScrollElement: scroller, scrollMargin: start, scrollPaddingStart: 60, scrollPaddingEnd: 80 });
  useLayoutEffect(() => virtual.measure(), [row, virtual]);
  const show = useCallback((at: number) => virtual.scrollToIndex(at, { align: 'auto' }), [virtual]);
  return { box, lines: virtual.getVirtualItems(), height: virtual.getTotalSize(), start, show };
}
