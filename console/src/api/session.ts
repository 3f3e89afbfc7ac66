/** Who is signed in. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, data, rememberCsrf } from './client';
import { isProblem } from './problem';
import type { CanOut, Me, SessionOut } from './schema';

/** The browser's session; null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  placeholderData: undefined,
  queryFn: async (): Promise<SessionOut | null> => {
    try {
      const session = await data(api.GET('/api/v1/session'));
      rememberCsrf(session.csrf);
      return session;
    } catch (fault) {
      if (isProblem(fault, 401)) return null;
      throw fault;
    }
  },
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  staleTime: 60_000,
  queryFn: (): Promise<Me> => data(api.GET('/api/v1/me')),
});

export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

/** May the person do this at this address (project, project/module/, project/module/prompt; empty: the installation)? Asked of the
 * server; undefined while it is not known. Disable by it and show `reason` and `remedy`; never decide by it. */
export function useCan(action: string, address: string, environment?: string): CanOut | undefined {
  return useQuery({
    queryKey: ['me', 'can', action, address, environment],
    staleTime: 30_000,
    queryFn: () => data(api.GET('/api/v1/me/can', { params: { query: { action, address, environment } } })),
  }).data;
}
