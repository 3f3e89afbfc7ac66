/** What the page asks of the server about a prompt, besides its draft. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
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
