/** Which line of a windowed list the keyboard is at, and moving there: the line may only be drawn once the list has scrolled to it. */
import { useEffect, useRef, useState, type RefObject } from 'react';

export interface Line {
  readonly here: number;
  readonly setAt: (at: number) => void;
  readonly move: (to: number) => void;
}

export function useLine(count: number, box: RefObject<HTMLElement | null>, show: (at: number) => void): Line {
  const [at, setAt] = useState(0);
  const wants = useRef(false);
  const here = Math.min(at, count - 1);
  useEffect(() => {
    if (!wants.current) return;
    const line = box.current?.querySelector<HTMLElement>(`[data-at="${here}"]`);
    if (!line) return;
    wants.current = false;
    line.focus({ preventScroll: true });
  });
  const move = (to: number): void => {
    const place = Math.max(0, Math.min(count - 1, to));
    wants.current = true;
    setAt(place);
    show(place);
  };
  return { here, setAt, move };
}
