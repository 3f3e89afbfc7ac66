/** What the page asks of the server about a prompt, besides its draft. */
import { useQuery } from '@tanstack/react-query';
import { api, data, request } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import type { VersionInHistory } from '@/api/schema';

interface Versions { readonly items: readonly VersionInHistory[]; readonly next: string | null }

/** The newest hundred versions; the first is the newest. */
export function useVersions(project: string, path: string) {
  return useQuery({
    queryKey: projectKey(project, 'versions', path, 'newest'),
    placeholderData: undefined,
    queryFn: async () => (await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path }, query: { limit: 100 } } }))) as unknown as Versions,
  });
}

/** Whether the prompt is archived: the server has its versions, but no file of it. Undefined while it is not known. */
export function useArchived(project: string, path: string): boolean | undefined {
  return useQuery({
    queryKey: projectKey(project, 'versions', path, 'archived'),
    placeholderData: undefined,
    queryFn: async () => {
      try {
        await request(`/api/v1/projects/${encodeURIComponent(project)}/prompts/${path.split('/').map(encodeURIComponent).join('/')}`, { headers: { Accept: 'application/yaml' } });
        return false;
      } catch (fault) {
        if (isProblem(fault, 404)) return fault.problem.type.endsWith(':archived');
        throw fault;
      }
    },
  }).data;
}

/** One version with its file. */
export function useVersion(project: string, path: string, version: number | undefined) {
  return useQuery({
    queryKey: projectKey(project, 'versions', path, 'one', version),
    enabled: version !== undefined,
    placeholderData: undefined,
    queryFn: async () => (await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path: `${path}@${version}` } } }))) as unknown as VersionInHistory & { content: string },
  });
}

/** Environments where some version is live. */
export function liveOf(versions: readonly VersionInHistory[]): readonly { environment: string; version: number }[] {
  return versions.flatMap((version) => version.live.map((environment) => ({ environment, version: version.version })));
}

export function useStatus(project: string, path: string) {
  return useQuery({
    queryKey: projectKey(project, 'reviews', 'status', path),
    retry: false,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/review-status/{address}', { params: { path: { project, address: path } } })),
  });
}

export function useUses(project: string, path: string) {
  return useQuery({
    queryKey: projectKey(project, 'prompts', path, 'uses'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/uses/{path}', { params: { path: { project, path }, query: { limit: 20 } } })),
  });
}

export function useTargets(project: string) {
  return useQuery({
    queryKey: projectKey(project, 'models'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/models', { params: { path: { project } } })),
  });
}
