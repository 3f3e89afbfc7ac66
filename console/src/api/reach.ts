/** Whether the server answers, as far as the last question showed. */
import { useSyncExternalStore } from 'react';

let reached = true;
const listeners = new Set<() => void>();

export function tellReach(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const tell of listeners) tell();
}

export function useReach(): boolean {
  return useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, () => reached);
}

/** Resolves when the server answers again. */
export function whenReached(): Promise<void> {
  return new Promise((done) => {
    const look = (): void => {
      if (!reached) return;
      listeners.delete(look);
      done();
    };
    listeners.add(look);
    look();
  });
}
