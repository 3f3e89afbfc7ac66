/**
 * Keyboard shortcuts of the page that is shown. A page adds its own with `useShortcut('e', words.edit, edit)`; `?` lists them all.
 * Keys are written as `e`, `g p`, `mod+k` (Ctrl or Cmd), `Escape`. None runs while somebody types in a field, but those with `mod`.
 */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { isField, step, written } from './keys';

export interface Shortcut {
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
  /** `place` goes somewhere; `page` belongs to the page that is shown. */
  readonly group: 'place' | 'everywhere' | 'page';
}

const WAIT_MS = 1200;
let registered: readonly Shortcut[] = [];
const listeners = new Set<() => void>();

function change(next: readonly Shortcut[]): void {
  registered = next;
  for (const tell of listeners) tell();
}

/** Register for as long as the component is shown; the one registered last counts where two have the same keys. */
export function useShortcut(keys: string, label: string, run: () => void, group: Shortcut['group'] = 'page'): void {
  const latest = useRef(run);
  useEffect(() => { latest.current = run; });
  useEffect(() => {
    const one: Shortcut = { keys, label, group, run: () => latest.current() };
    change([...registered, one]);
    return () => change(registered.filter((other) => other !== one));
  }, [keys, label, group]);
}

/** All shortcuts of the page that is shown. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, () => registered);
}

/** Listen to the keyboard; once, in the frame. */
export function useShortcutKeys(): void {
  useEffect(() => {
    let pending = '';
    let timer = 0;
    const pressed = (event: KeyboardEvent): void => {
      const stroke = written(event);
      if (stroke === null || event.defaultPrevented || event.isComposing) return;
      const withMod = stroke.startsWith('mod+');
      if (!withMod && (isField(event.target) || document.querySelector('[role="dialog"]') !== null)) return;
      const next = step(pending, stroke, registered.map(({ keys }) => keys));
      pending = next.pending;
      clearTimeout(timer);
      timer = window.setTimeout(() => { pending = ''; }, WAIT_MS);
      if (next.run === null) return;
      event.preventDefault();
      registered.findLast(({ keys }) => keys === next.run)?.run();
    };
    document.addEventListener('keydown', pressed);
    return () => {
      document.removeEventListener('keydown', pressed);
      clearTimeout(timer);
    };
  }, []);
}
