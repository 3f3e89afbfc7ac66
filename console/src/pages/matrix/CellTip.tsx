/** What the cell under the pointer says: one tooltip for the whole grid. */
import { Tooltip } from '@mantine/core';
import { useEffect, useState, type RefObject } from 'react';

export function CellTip({ box }: { readonly box: RefObject<HTMLElement | null> }) {
  const [over, setOver] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const grid = box.current;
    if (!grid) return undefined;
    const moved = (event: Event): void => setOver((event.target as HTMLElement).closest<HTMLElement>('[data-said]'));
    const left = (): void => setOver(null);
    grid.addEventListener('mouseover', moved);
    grid.addEventListener('mouseleave', left);
    grid.addEventListener('scroll', left, { passive: true });
    return () => {
      grid.removeEventListener('mouseover', moved);
      grid.removeEventListener('mouseleave', left);
      grid.removeEventListener('scroll', left);
    };
  }, [box]);
  return over && <Tooltip key={over.id} target={over} opened label={over.dataset.said} />;
}
