/** Where model targets are in the cache, and the providers they can name. */
import { queryOptions } from '@tanstack/react-query';
import { api, data } from '@/api/client';

export const TARGETS = ['system', 'models'] as const;
export function askCatalogue(query: { q: string; family: string | null; provider: string | null; cursor: string | undefined }) {
  return data(api.GET('/api/v1/models/catalogue', { params: { query: { ...query, limit: 100 } } }));
}
/** A model of the catalogue as it is answered. */
export type Entry = Awaited<ReturnType<typeof askCatalogue>>['items'][number];

export const providersQuery = queryOptions({ queryKey: ['system', 'model-providers'], staleTime: 300_000, queryFn: () => data(api.GET('/api/v1/model-providers')) });
