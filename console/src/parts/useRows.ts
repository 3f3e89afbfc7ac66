/** Lists by keyboard: `j` and `k` move between rows, Enter opens (rows are links). */
import { useEffect, type RefObject } from 'react';

/** Moves among `a[data-row]` of the element, wherever the keys are pressed outside fields. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      const target = event.target as HTMLElement | null;
      if (step === 0 || target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]')) return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
      if (rows.length === 0) return;
      const at = rows.indexOf(document.activeElement as HTMLElement);
      rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
      event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [list]);
}
