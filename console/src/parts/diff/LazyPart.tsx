/** A part of a long list that is drawn once it comes near the screen; before, it holds the room it will need. */
import { useEffect, useRef, useState, type ReactNode } from 'react';

export function LazyPart({ height, eager, children }: { readonly height: number; readonly eager: boolean; readonly children: () => ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
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
  return <div ref={place} style={{ height }} />;
}
