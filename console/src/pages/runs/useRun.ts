/** A run and its results, kept fresh while it goes on. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { ResultPage, RunOut } from '@/api/schema';
import { isLive } from './results';

const WAIT_SECONDS = 20;
const MOST_RESULTS = 20_000;
/** Results of a run under way are read again this often, in milliseconds. */
const REREAD = 2_000;

/** The run; while it goes on, the server answers each time something has changed. */
export function useRun(project: string, number: number) {
  const queries = useQueryClient();
  const key = projectKey(project, 'runs', 'one', number);
  const query = useQuery({
    queryKey: key,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/runs/{number}', { params: { path: { project, number } } })),
    placeholderData: undefined,
  });
  const live = query.data !== undefined && isLive(query.data);
  useEffect(() => {
    if (!live) return undefined;
    const stop = new AbortController();
    const watch = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const seen = queries.getQueryData<RunOut>(projectKey(project, 'runs', 'one', number))?.revision;
        try {
          const run = await data(api.GET('/api/v1/projects/{project}/runs/{number}', { params: { path: { project, number }, query: { wait: WAIT_SECONDS, seen } }, signal: stop.signal }));
          queries.setQueryData(projectKey(project, 'runs', 'one', number), run);
          if (!isLive(run)) {
            await queries.invalidateQueries({ queryKey: projectKey(project, 'runs', 'results', number) });
            await queries.invalidateQueries({ queryKey: projectKey(project, 'matrix') });
            return;
          }
        } catch {
          // The server is away for a moment, or the page was left.
          await new Promise((done) => setTimeout(done, 2_000));
        }
      }
    };
    void watch();
    return () => stop.abort();
  }, [live, project, number, queries]);
  return query;
}

/** All results, page after page, up to what a page can hold. `live`: read again as the run goes on. */
export function useResults(project: string, number: number, live: boolean) {
  const query = useInfiniteQuery({
    queryKey: projectKey(project, 'runs', 'results', number),
    initialPageParam: undefined as string | undefined,
    refetchInterval: live ? REREAD : false,
    placeholderData: undefined,
    queryFn: ({ pageParam }): Promise<ResultPage> =>
      data(api.GET('/api/v1/projects/{project}/runs/{number}/results', { params: { path: { project, number }, query: { limit: 500, cursor: pageParam } } })),
    getNextPageParam: (last: ResultPage) => last.next ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const count = items?.length ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetching && count < MOST_RESULTS) void fetchNextPage();
  }, [hasNextPage, isFetching, count, fetchNextPage]);
  return { ...query, items };
}

/** One result with its request and reply. */
export function useWholeResult(project: string, number: number, ordinal: number | undefined) {
  return useQuery({
    queryKey: projectKey(project, 'runs', 'result', number, ordinal),
    enabled: ordinal !== undefined,
    placeholderData: undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/runs/{number}/results/{ordinal}', { params: { path: { project, number, ordinal: ordinal ?? 0 } } })),
  });
}
