/** A request with all that its page shows. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { CommentIn, CommentOut, DecisionIn } from '@/api/schema';
import { useOnce } from '@/parts/sheets/useRollback';

/** Pages of comments read at most, of a hundred each. */
const MOST_PAGES = 20;

export function useRequest(project: string, number: number) {
  return useQuery({
    queryKey: projectKey(project, 'reviews', number),
    placeholderData: undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/reviews/{number}', { params: { path: { project, number } } })),
  });
}

export function useStatus(project: string, path: string | undefined, version: number | undefined) {
  return useQuery({
    queryKey: projectKey(project, 'reviews', 'status', path, version),
    enabled: path !== undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/review-status/{address}', { params: { path: { project, address: `${path ?? ''}@${version ?? ''}` } } })),
  });
}

export function useComments(project: string, number: number) {
  return useQuery({
    queryKey: projectKey(project, 'reviews', number, 'comments'),
    queryFn: async (): Promise<readonly CommentOut[]> => {
      const all: CommentOut[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await data(api.GET('/api/v1/projects/{project}/reviews/{number}/comments', { params: { path: { project, number }, query: { limit: 100, cursor } } }));
        all.push(...answer.items);
        if (answer.next === null) break;
        cursor = answer.next;
      }
      return all;
    },
  });
}

/** What can be done on a request; each refreshes what it changed. */
export function useReviewActions(project: string, number: number) {
  const queries = useQueryClient();
  const refresh = async (): Promise<void> => {
    void queries.invalidateQueries({ queryKey: ['me', 'work'] });
    await queries.invalidateQueries({ queryKey: projectKey(project, 'reviews') });
  };
  const path = { project, number };
  const once = useOnce();
  const say = useMutation({
    mutationFn: (body: Partial<CommentIn>) => data(api.POST('/api/v1/projects/{project}/reviews/{number}/comments', { params: { path }, headers: { 'Idempotency-Key': once(body) }, body: { body: '', ...body } })),
    onSuccess: () => {
      once(null); // the same words may be said again
      return refresh();
    },
  });
  const resolve = useMutation({
    mutationFn: ({ comment, resolved }: { comment: string; resolved: boolean }) =>
      data(api.PATCH('/api/v1/projects/{project}/reviews/{number}/comments/{comment}', { params: { path: { ...path, comment } }, body: { resolved } })),
    onSuccess: refresh,
  });
  const apply = useMutation({
    mutationFn: (comment: string) => data(api.POST('/api/v1/projects/{project}/reviews/{number}/comments/{comment}/apply', { params: { path: { ...path, comment } } })),
    onSuccess: async () => {
      void queries.invalidateQueries({ queryKey: projectKey(project, 'versions') });
      await refresh();
    },
  });
  const decide = useMutation({
    mutationFn: (body: Partial<DecisionIn> & Pick<DecisionIn, 'decision'>) =>
      data(api.POST('/api/v1/projects/{project}/reviews/{number}/decisions', { params: { path }, body: { reason: '', conditions: '', ...body } })),
    onSuccess: refresh,
  });
  return { say, resolve, apply, decide };
}
