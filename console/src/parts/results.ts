/** Results of background work: shown as a note at the corner, and kept in the list of the bar. `tellResult('12 prompts archived', '/p/…')`. */
import { notifications } from '@mantine/notifications';
import { useSyncExternalStore } from 'react';

export interface Result {
  readonly id: number;
  readonly at: string;
  readonly text: string;
  readonly href?: string;
  readonly failed?: boolean;
}

const MOST = 50;
let kept: readonly Result[] = [];
const listeners = new Set<() => void>();

export function tellResult(text: string, href?: string, failed = false): void {
  kept = [{ id: (kept[0]?.id ?? 0) + 1, at: new Date().toISOString(), text, href, failed }, ...kept].slice(0, MOST);
  for (const tell of listeners) tell();
  notifications.show({ message: text, color: failed ? 'red' : 'accent', autoClose: 6000 });
}

/** The newest first, since the page was loaded. */
export function useResults(): readonly Result[] {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, () => kept);
}
