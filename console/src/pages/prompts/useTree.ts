/** The levels of the tree that are open, fetched one at a time and kept fresh by live updates. */
import { useQueries } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { isSmall, joined, rowsOf, type Level } from './levels';

const PAGE = 200;

async function readLevel(project: string, module: string, pages: number): Promise<Level> {
  const read: Level[] = [];
  let cursor: string | undefined;
  do {
    const page: Level = await data(api.GET('/api/v1/projects/{project}/tree', { params: { path: { project }, query: { module, limit: PAGE, cursor } } }));
    read.push(page);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && read.length < pages);
  return joined(read);
}

/** The modules above a path and itself: `a/b` gives `a` and `a/b`. */
function above(module: string): string[] {
  const names = module.split('/').filter(Boolean);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}

export function useTree(project: string, module: string) {
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [pages, setPages] = useState<ReadonlyMap<string, number>>(new Map());
  // A small project shows all it has at once; a large one opens what it is asked to.
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const open = useMemo(() => {
    const now = new Set([...above(module), ...seen]);
    for (const [path, isOpen] of turned) {
      if (isOpen) now.add(path);
      else now.delete(path);
    }
    return now;
  }, [module, turned, seen]);
  // A closed module keeps its open children in mind, but asks for nothing.
  const asked = useMemo(() => ['', ...[...open].filter((path) => above(path).every((one) => open.has(one)))], [open]);
  const { levels, error } = useQueries({
    queries: asked.map((path) => ({
      queryKey: projectKey(project, 'tree', path, pages.get(path) ?? 1),
      queryFn: () => readLevel(project, path, pages.get(path) ?? 1),
      placeholderData: (before: Level | undefined) => before,
    })),
    combine: (all) => ({
      levels: new Map(all.flatMap((one, at) => (one.data ? [[asked[at] ?? '', one.data] as const] : []))),
      error: all.find((one) => one.error)?.error ?? null,
    }),
  });
  const small = isSmall(levels.get(''));
  const found = small ? [...levels.values()].flatMap(({ modules }) => modules.map(({ path }) => path)) : [];
  const unseen = found.some((path) => !seen.has(path));
  if (unseen) setSeen(new Set([...seen, ...found]));
  const turn = useCallback((path: string, isOpen: boolean) => setTurned((before) => new Map(before).set(path, isOpen)), []);
  const more = useCallback((path: string) => setPages((before) => new Map(before).set(path, (before.get(path) ?? 1) + 1)), []);
  const rows = rowsOf('', levels, open);
  // A small project is shown when all of it is there; what is opened later waits in its own line.
  const [shown, setShown] = useState(false);
  if (!shown && levels.has('') && (!small || error !== null || (!unseen && !rows.some(({ kind }) => kind === 'waiting')))) setShown(true);
  return { rows, ready: shown, error, turn, more };
}
