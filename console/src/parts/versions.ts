/** The newest versions of a prompt by number, for choosing one. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';

/** Newest first, at most 50; empty while not known. */
export function useVersionNumbers(project: string, path: string | null): readonly number[] {
  const versions = useQuery({
    queryKey: projectKey(project, 'versions', path, 'numbers'),
    enabled: path !== null,
    queryFn: async () => {
      const page = await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path: path ?? '' }, query: { limit: 50 } } }));
      return 'items' in page ? page.items.map(({ version }) => version) : [];
    },
  });
  return path === null ? [] : versions.data ?? [];
}
