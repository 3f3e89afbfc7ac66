/** What accounts are called, by their user names: all that a page asks for at once goes in one request, and is kept. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from './client';
import { projectKey } from './queries';

const AT_ONCE = 100;
const GATHER_MS = 5;
const ACCOUNT = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/;

interface Asked { readonly name: string; readonly tell: (called: string | null) => void; readonly fail: (fault: unknown) => void }

const KEPT = 'promptops-names';

/** Names of this tab's earlier pages, so that a page shows them at once; they are asked for anew all the same. */
const kept = new Map<string, string | null>((() => {
  try {
    return Object.entries(JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Record<string, string | null>);
  } catch {
    return [];
  }
})());

function keep(project: string, names: readonly Asked[], called: Readonly<Record<string, string>>): void {
  for (const { name } of names) kept.set(`${project} ${name}`, called[name] ?? null);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // Without a store every page asks.
  }
}

/** At the end of a session: whoever signs in next is shown nothing of it. */
export function forgetNames(): void {
  kept.clear();
  sessionStorage.removeItem(KEPT);
}

const waiting = new Map<string, Asked[]>();

async function askFor(project: string): Promise<void> {
  const asked = waiting.get(project) ?? [];
  waiting.delete(project);
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE);
    try {
      const { names } = await data(api.GET('/api/v1/projects/{project}/names', { params: { path: { project }, query: { name: some.map(({ name }) => name) } } }));
      keep(project, some, names);
      for (const one of some) one.tell(names[one.name] ?? null);
    } catch (fault) {
      for (const one of some) one.fail(fault);
    }
  }
}

function lookUp(project: string, name: string): Promise<string | null> {
  return new Promise((tell, fail) => {
    const asked = waiting.get(project) ?? [];
    if (asked.length === 0) setTimeout(() => void askFor(project), GATHER_MS);
    waiting.set(project, [...asked, { name, tell, fail }]);
  });
}

/** What the account is called: undefined while it is not known, its own name where it is nobody's or cannot be asked for. */
export function useNameOf(project: string | undefined, name: string): string | undefined {
  const can = project !== undefined && ACCOUNT.test(name);
  const found = useQuery({
    queryKey: projectKey(project ?? '', 'names', name),
    enabled: can,
    staleTime: 600_000,
    placeholderData: project === undefined ? undefined : kept.get(`${project} ${name}`),
    retry: false,
    queryFn: () => lookUp(project ?? '', name),
  });
  if (!can || found.isError) return name;
  return found.data === undefined ? undefined : (found.data ?? name);
}
