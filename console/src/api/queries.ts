/** Server state: one cache, keys by place, what is shown stays while it refreshes. */
import { QueryClient } from '@tanstack/react-query';
import { NoServer, ProblemError } from './problem';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      placeholderData: (before: unknown) => before,
      // A refusal stays one; a server that is away is asked again for about a minute.
      retry: (failures, fault) => !(fault instanceof ProblemError && fault.status < 500) && failures < (fault instanceof NoServer ? 8 : 2),
      retryDelay: (failures) => Math.min(1000 * 2 ** failures, 10_000),
    },
    mutations: { retry: false },
  },
});

/**
 * Keys start with the project, so that a live event makes stale what it concerns:
 * `['project', name, 'prompts', …]`, `['project', name, 'releases', …]`; outside projects `['me', …]`, `['system', …]`.
 */
export function projectKey(project: string, ...rest: readonly unknown[]): readonly unknown[] {
  return ['project', project, ...rest];
}
