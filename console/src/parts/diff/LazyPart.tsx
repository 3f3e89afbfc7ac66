/** A part of a long list that is drawn once it comes near the screen; before, it holds the room it will need. */
import { useEffect, useRef, useState, type ReactNode } from 'react';

/** `item`: it stands in a list, so that its room is an item of it. */
export function LazyPart({ height, eager, item = false, children }: { readonly height: number; readonly eager: boolean; readonly item?: boolean; readonly children: () => ReactNode }) {
  const place = useRef<HTMLElement>(null);
  const [near, setNear] = useState(eager);
  useEffect(() => {
    const element = place.current;
    if (near || !element) return undefined;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting)) setNear(true);
    }, { rootMargin: '1200px' });
    watch.observe(element);
    return () => watch.disconnect();
  }, [near]);
  if (near || eager) return <>{children()}</>;
  const here = (element: HTMLElement | null): void => {
    place.current = element;
  };
  return item ? <li ref={here} aria-hidden style={{ height, listStyle: 'none' }} /> : <div ref={here} style={{ height }} />;
}
