/** What forms of the administration offer to choose from: projects, environments, accounts, roles. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { strings } from '@/strings';

export const ROLES = Object.keys(strings.admin.roles) as (keyof typeof strings.admin.roles)[];
export const ROLE_CHOICES = ROLES.map((value) => ({ value, label: `${value}: ${strings.admin.roles[value]}` }));

/** The first projects by name; a field that uses them takes other names too. */
export function useProjectNames(): string[] {
  const found = useQuery({ queryKey: ['projects', 'names'], queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })) });
  return found.data?.items.map((project) => project.name) ?? [];
}

export function useEnvironmentNames(project: string): string[] {
  const known = useProjectNames().includes(project);
  const found = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    enabled: known,
    placeholderData: undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  return found.data?.items.map((environment) => environment.name) ?? [];
}

/** Accounts whose name begins so. */
export function useUserNames(begins: string, kind: '' | 'person' | 'service' = ''): string[] {
  const found = useQuery({
    queryKey: ['system', 'users', 'names', begins, kind],
    queryFn: () => data(api.GET('/api/v1/users', { params: { query: { q: begins, kind, limit: 20 } } })),
  });
  return found.data?.items.map((user) => user.name) ?? [];
}
