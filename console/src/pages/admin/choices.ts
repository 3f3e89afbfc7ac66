/** What forms of the administration offer to choose from: projects, environments, accounts, roles. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import { fieldFaults, type FieldFaults } from '@/parts/fieldFaults';
import { strings } from '@/strings';

export const ROLES = Object.keys(strings.admin.roles) as (keyof typeof strings.admin.roles)[];
export const ROLE_CHOICES = ROLES.map((value) => ({ value, label: `${value}: ${strings.admin.roles[value]}` }));

/** The first projects by name; a field that uses them takes other names too. */
export function useProjectNames(): string[] {
  const found = useQuery({ queryKey: ['projects', 'names'], queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })) });
  return found.data?.items.map((project) => project.name) ?? [];
}

export function useEnvironmentNames(typed: string): string[] {
  const [project] = useDebouncedValue(typed.trim(), 200);
  const found = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    enabled: project !== '' && project !== '*',
    retry: false,
    placeholderData: undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  return found.data?.items.map((environment) => environment.name) ?? [];
}

/** Accounts whose name begins so. */
export function useUserNames(typed: string, kind: '' | 'person' | 'service' = ''): string[] {
  const [begins] = useDebouncedValue(typed.trim(), 150);
  const found = useQuery({
    queryKey: ['system', 'users', 'names', begins, kind],
    queryFn: () => data(api.GET('/api/v1/users', { params: { query: { q: begins, kind, limit: 20 } } })),
  });
  return found.data?.items.map((user) => user.name) ?? [];
}

/** A form names a project or environment that is not there; the server would keep the name as given. */
export class NotThere extends Error {
  constructor(readonly field: 'project' | 'environment', text: string) {
    super(text);
  }
}

/** Stops a form before it is sent when it names a project or environment that is not there. Throws NotThere. */
export async function requirePlace(project: string, environment: string): Promise<void> {
  if (project === '' || project === '*') return;
  const found = await data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })).catch((fault: unknown) => {
    if (isProblem(fault, 404) || isProblem(fault, 422)) throw new NotThere('project', strings.admin.noProject(project));
    throw fault;
  });
  if (environment !== '' && !found.items.some((one) => one.name === environment)) throw new NotThere('environment', strings.admin.noEnvironment(environment, project));
}

/** `fieldFaults`, and places that are not there at their field. */
export function placeFaults(fault: unknown, fields: readonly string[], byKind: Readonly<Record<string, string>> = {}): FieldFaults {
  return fault instanceof NotThere ? { at: { [fault.field]: fault.message }, rest: null } : fieldFaults(fault, fields, byKind);
}
