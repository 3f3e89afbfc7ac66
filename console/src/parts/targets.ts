/** The model targets a project may use: fetched whole (an installation has tens), grouped by family. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { UsableOut } from '@/api/schema';

const MOST_PAGES = 10;

export function useTargets(project: string) {
  return useQuery({
    queryKey: projectKey(project, 'targets'),
    staleTime: 60_000,
    queryFn: async (): Promise<readonly UsableOut[]> => {
      const found: UsableOut[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await data(api.GET('/api/v1/projects/{project}/models', { params: { path: { project }, query: { cursor, limit: 200 } } }));
        found.push(...answer.items);
        if (answer.next === null) break;
        cursor = answer.next;
      }
      return found;
    },
  });
}

/** Whether a call could be answered, as far as is known: its credential is there. */
export function canBeAsked(target: UsableOut): boolean {
  return target.credential_there;
}

/** In groups by family, those of an unknown one last; groups and their members by name. */
export function byFamily<T extends { readonly name: string; readonly family: string | null }>(targets: readonly T[]): readonly (readonly [string | null, readonly T[]])[] {
  const groups = new Map<string | null, T[]>();
  for (const target of targets) groups.set(target.family, [...(groups.get(target.family) ?? []), target]);
  return [...groups]
    .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b)))
    .map(([family, members]) => [family, members.toSorted((a, b) => a.name.localeCompare(b.name))] as const);
}
