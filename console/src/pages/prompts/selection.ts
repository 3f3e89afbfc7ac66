/** The prompts somebody chose, with the version they saw: a change made meanwhile is refused, not run over. */
import { useCallback, useMemo, useState } from 'react';

export interface Selection {
  readonly chosen: ReadonlyMap<string, number>;
  readonly has: (path: string) => boolean;
  readonly turn: (path: string, version: number) => void;
  readonly clear: () => void;
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, number>>(new Map());
  const turn = useCallback((path: string, version: number) => setChosen((before) => {
    const after = new Map(before);
    if (!after.delete(path)) after.set(path, version);
    return after;
  }), []);
  const clear = useCallback(() => setChosen(new Map()), []);
  return useMemo(() => ({ chosen, has: (path) => chosen.has(path), turn, clear }), [chosen, turn, clear]);
}
