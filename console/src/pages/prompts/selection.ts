/** The prompts somebody chose, with the version they saw: a change made meanwhile is refused, not run over. */
import { useCallback, useMemo, useState } from 'react';

export interface Selection {
  readonly chosen: ReadonlyMap<string, number>;
  /** All that the filters of the page take, shown or not; nothing is chosen one by one then. */
  readonly all: boolean;
  readonly has: (path: string) => boolean;
  readonly turn: (path: string, version: number) => void;
  readonly take: (prompts: readonly { readonly path: string; readonly version: number }[]) => void;
  readonly takeAll: () => void;
  readonly clear: () => void;
}

export function useSelection(): Selection {
  const [{ chosen, all }, set] = useState<{ readonly chosen: ReadonlyMap<string, number>; readonly all: boolean }>({ chosen: new Map(), all: false });
  const turn = useCallback((path: string, version: number) => set((before) => {
    const after = new Map(before.chosen);
    if (!after.delete(path)) after.set(path, version);
    return { chosen: after, all: false };
  }), []);
  const take = useCallback((prompts: readonly { readonly path: string; readonly version: number }[]) => set((before) => ({
    chosen: new Map([...before.chosen, ...prompts.map(({ path, version }) => [path, version] as const)]), all: false,
  })), []);
  const takeAll = useCallback(() => set({ chosen: new Map(), all: true }), []);
  const clear = useCallback(() => set({ chosen: new Map(), all: false }), []);
  return useMemo(() => ({ chosen, all, has: (path) => all || chosen.has(path), turn, take, takeAll, clear }), [chosen, all, turn, take, takeAll, clear]);
}
