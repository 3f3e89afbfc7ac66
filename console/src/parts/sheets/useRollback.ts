/** Asking what a rollback would come to, going back, and stopping prompts. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { projectKey } from '@/api/queries';
import { onceKey, type Preview } from '@/api/releases';
import type { ReleaseMade, RollbackIn } from '@/api/schema';
import type { Target } from './picks';
import type { Why } from './ReasonFields';

const ROLLBACK = '/api/v1/projects/{project}/environments/{environment}/rollback';

function body(path: string | undefined, target: Target, why: Why | null): RollbackIn {
  return {
    path: path ?? null,
    to_version: target !== null && 'version' in target ? target.version : null,
    to_release: target !== null && 'release' in target ? target.release : null,
    dry_run: why === null,
    reason: why?.reason.trim() ?? '',
    ticket: why === null || why.ticket.trim() === '' ? null : why.ticket.trim(),
  };
}

/** Of one prompt (`path`), or of the whole environment; asked again when its newest release is another. */
export function useRollbackPreview(project: string, { name: environment, release: head }: { readonly name: string; readonly release: number }, path: string | undefined, target: Target, enabled: boolean) {
  return useQuery({
    queryKey: projectKey(project, 'dry-run', 'rollback', environment, head, path, target),
    enabled,
    retry: false,
    staleTime: 5_000,
    placeholderData: undefined,
    queryFn: async (): Promise<Preview> => (await data(api.POST(ROLLBACK, { params: { path: { project, environment } }, body: body(path, target, null) }))) as Preview,
  });
}

/** One key for the same request, however often it is sent; `once(null)` after it succeeded, where the same may be wanted again. */
export function useOnce(): (of: unknown) => string {
  const once = useRef<{ readonly of: string; readonly key: string }>({ of: '', key: '' });
  return useCallback((of) => {
    const text = JSON.stringify(of);
    if (once.current.of !== text) once.current = { of: text, key: onceKey() };
    return once.current.key;
  }, []);
}

/** What a release made here makes stale, before the live events say so. */
export function useReleased(project: string): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    for (const key of ['releases', 'environments', 'prompts', 'followers', 'overview', 'tree']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
  }, [queries, project]);
}

/** A rollback as it is asked for: sent again unchanged, it happens once. */
export interface RollbackAsked {
  readonly path: string | undefined;
  readonly target: Target;
  readonly why: Why;
  readonly on: number;
}

export function useRollback(project: string, environment: string) {
  const once = useOnce();
  const released = useReleased(project);
  return useMutation({
    mutationFn: async ({ path, target, why, on }: RollbackAsked): Promise<ReleaseMade> => {
      const headers = { ...ifMatch(`"r${on}"`), 'Idempotency-Key': once([environment, path, target, why, on]) };
      return (await data(api.POST(ROLLBACK, { params: { path: { project, environment } }, headers, body: body(path, target, why) }))) as ReleaseMade;
    },
    onSuccess: released,
  });
}

export function useStop(project: string, environment: string) {
  const once = useOnce();
  const released = useReleased(project);
  return useMutation({
    mutationFn: async ({ kind, prompts, why, on }: { readonly kind: 'suspend' | 'unpublish'; readonly prompts: readonly string[]; readonly why: Why; readonly on: number }): Promise<ReleaseMade> => {
      const headers = { ...ifMatch(`"r${on}"`), 'Idempotency-Key': once([environment, kind, prompts, why, on]) };
      const params = { path: { project, environment } };
      const asked = { prompts: [...prompts], reason: why.reason.trim(), ticket: why.ticket.trim() === '' ? null : why.ticket.trim() };
      return kind === 'suspend'
        ? await data(api.POST('/api/v1/projects/{project}/environments/{environment}/suspend', { params, headers, body: asked }))
        : await data(api.POST('/api/v1/projects/{project}/environments/{environment}/unpublish', { params, headers, body: asked }));
    },
    onSuccess: released,
  });
}
