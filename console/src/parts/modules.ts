/** Modules of a project to choose from while one is typed: those at the top, and those below what is typed so far. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';

export function useModuleNames(project: string, typed: string): string[] {
  const [module] = useDebouncedValue(typed.includes('/') ? typed.slice(0, typed.lastIndexOf('/')) : '', 200);
  const found = useQuery({
    queryKey: projectKey(project, 'tree', 'module-names', module),
    enabled: project !== '' && project !== '*',
    retry: false,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/modules', { params: { path: { project }, query: { module: module || undefined, limit: 200 } } })),
  });
  return found.data?.items.map(({ path }) => path) ?? [];
}
