/** The text of one version of a prompt. */
import { queryOptions } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { VersionShown } from '@/api/schema';

/** `at` is a version (`7`) or an environment (`production`). */
export function contentQuery(project: string, path: string, at: string | number) {
  return queryOptions({
    queryKey: projectKey(project, 'versions', path, 'content', String(at)),
    placeholderData: undefined,
    // What a version holds never changes (a redaction aside); what an environment holds does.
    staleTime: /^\d+$/.test(String(at)) ? 10 * 60_000 : 5_000,
    queryFn: async (): Promise<VersionShown> => {
      const shown = await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path: `${path}@${at}` } } }));
      return shown as VersionShown;
    },
  });
}
