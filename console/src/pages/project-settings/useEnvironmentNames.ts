/** The names of the project's environments, to choose from. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';

export function useEnvironmentNames(project: string): string[] {
  const found = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  return found.data?.items.map(({ name }) => name) ?? [];
}
