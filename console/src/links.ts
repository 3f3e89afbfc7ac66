/** The addresses of the console's pages. Every link is made here, so that an address means one page and a page has one address. */

type Query = Record<string, string | number | boolean | undefined | null>;

const part = encodeURIComponent;
const parts = (path: string): string => path.split('/').map(part).join('/');

function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export type PromptTab = 'prompt' | 'history' | 'tests' | 'record' | 'activity';

/** What a sheet over the page asks: open it with `withSheet`. */
export type Sheet =
  | { sheet: 'publish'; prompts?: string; to?: string; in?: string } // prompts: `path@version,path@version`; in: all that is live there
  | { sheet: 'rollback'; prompts?: string; in?: string; to?: string }
  | { sheet: 'suspend'; prompts?: string; in?: string };

export const links = {
  home: () => '/',
  signIn: (next?: string) => withQuery('/sign-in', { next }),
  work: () => '/work',
  account: (tab?: string) => withQuery('/me', { tab }),
  search: (q?: string) => withQuery('/search', { q }),
  welcome: () => '/welcome',
  project: (project: string) => `/p/${part(project)}`,
  prompts: (project: string, query?: { module?: string; q?: string; [facet: string]: string | undefined }) =>
    withQuery(`/p/${part(project)}/prompts`, query),
  prompt: (project: string, path: string, query?: { tab?: PromptTab; v?: number; line?: number; [more: string]: string | number | undefined }) =>
    withQuery(`/p/${part(project)}/prompt/${parts(path)}`, query),
  newPrompt: (project: string, module?: string) => withQuery(`/p/${part(project)}/new`, { module }),
  importInto: (project: string) => `/p/${part(project)}/import`,
  /** Two contents of a prompt beside each other; `from` and `to` are versions (`7`) or environments (`production`). */
  diff: (project: string, path: string, from: string | number, to: string | number) =>
    withQuery(`/p/${part(project)}/diff/${parts(path)}`, { from, to }),
  compare: (project: string, from?: string, to?: string) => withQuery(`/p/${part(project)}/compare`, { from, to }),
  releases: (project: string, environment?: string) => withQuery(`/p/${part(project)}/releases`, { environment }),
  environment: (project: string, environment: string, query?: { at?: string; tab?: string }) =>
    withQuery(`/p/${part(project)}/env/${part(environment)}`, query),
  release: (project: string, environment: string, number: number) => `/p/${part(project)}/env/${part(environment)}/r/${number}`,
  reviews: (project: string, query?: Query) => withQuery(`/p/${part(project)}/reviews`, query),
  review: (project: string, number: number, query?: { comment?: number | string; line?: string }) =>
    withQuery(`/p/${part(project)}/reviews/${number}`, query),
  matrix: (project: string, query?: Query) => withQuery(`/p/${part(project)}/matrix`, query),
  runs: (project: string, query?: Query) => withQuery(`/p/${part(project)}/runs`, query),
  run: (project: string, number: number, query?: Query) => withQuery(`/p/${part(project)}/runs/${number}`, query),
  playground: (project: string, query?: { prompt?: string; version?: number | string; copy?: string }) =>
    withQuery(`/p/${part(project)}/playground`, query),
  suites: (project: string) => `/p/${part(project)}/suites`,
  suite: (project: string, path: string) => `/p/${part(project)}/suites/${parts(path)}`,
  audit: (project?: string, query?: Query) => withQuery(project === undefined ? '/audit' : `/p/${part(project)}/audit`, query),
  compliance: (project: string, tab?: 'coverage' | 'inventory' | 'certifications' | 'exceptions' | 'retirements') =>
    withQuery(`/p/${part(project)}/compliance`, { tab }),
  evidence: (project: string, path: string, version?: number) => withQuery(`/p/${part(project)}/evidence/${parts(path)}`, { version }),
  projectSettings: (project: string, tab?: string) => withQuery(`/p/${part(project)}/settings`, { tab }),
  admin: (page: 'people' | 'access' | 'tokens' | 'models' | 'policies' | 'keys' | 'settings' | 'jobs' | 'health' = 'people', query?: Query) =>
    withQuery(`/admin/${page}`, query),
} as const;

/** The same page with a sheet over it. */
export function withSheet(href: string, sheet: Sheet): string {
  const [path = '', search = ''] = href.split('?');
  const query = new URLSearchParams(search);
  for (const key of ['sheet', 'prompts', 'to', 'in']) query.delete(key);
  for (const [key, value] of Object.entries(sheet)) if (value !== undefined) query.set(key, value);
  return `${path}?${query.toString()}`;
}

/** `retail-bank/claims/triage` as project and path. */
export function splitAddress(address: string): { project: string; path: string } {
  const at = address.indexOf('/');
  return at < 0 ? { project: address, path: '' } : { project: address.slice(0, at), path: address.slice(at + 1) };
}
