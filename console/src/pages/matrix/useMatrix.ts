/** Pages of the matrix for what the address asks. */
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { MatrixPage } from '@/api/schema';
import { usePages } from '@/parts/Pages';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

/** Lines of the first answer: as many as a screen holds, so that it comes soon. */
const FIRST = 40;

/** The part of the address that the server answers. */
export function queryOf(query: Readonly<Record<string, string>>): { q?: string; module?: string; verdict?: string; at?: string } {
  return { q: query.q, module: query.module, verdict: query.verdict, at: query.at };
}

export function useMatrix(project: string, query: Readonly<Record<string, string>>) {
  const asked = queryOf(query);
  const made = useInfiniteQuery({
    queryKey: projectKey(project, 'matrix', asked.q, asked.module, asked.verdict, asked.at),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }): Promise<MatrixPage> =>
      data(api.GET('/api/v1/projects/{project}/matrix', { params: { path: { project }, query: { ...asked, limit: pageParam === undefined ? FIRST : 100, cursor: pageParam } } })),
    getNextPageParam: (last: MatrixPage) => last.next ?? undefined,
  });
  const pages = made.data?.pages;
  return { ...made, items: useMemo(() => pages?.flatMap((page) => page.items), [pages]) };
}

/** Runs of one prompt, newest first: what its cells were before. */
export function useRunsOf(project: string, path: string) {
  return usePages(projectKey(project, 'runs', 'of', path), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/runs', { params: { path: { project }, query: { path, limit: 50, cursor } } })));
}
