/** The things somebody opened last, kept in this browser only to put them first in the palette. */
const KEY = 'promptops-recent';
const MOST = 12;

export interface Recent {
  readonly href: string;
  readonly title: string;
}

/** Newest first, each address once. */
export function withRecent(before: readonly Recent[], one: Recent): readonly Recent[] {
  return [one, ...before.filter(({ href }) => href !== one.href)].slice(0, MOST);
}

export function recentThings(): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one): one is Recent => typeof (one as Recent)?.href === 'string' && typeof (one as Recent)?.title === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberThing(one: Recent): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(withRecent(recentThings(), one)));
  } catch {
    // A browser that keeps nothing forgets this too.
  }
}

/** What an address shows, in words; null for pages that are places and need no remembering. */
export function thingAt(pathname: string): string | null {
  const [, p, project, kind, ...rest] = pathname.split('/').map(decodeURIComponent);
  if (p !== 'p' || project === undefined || kind === undefined || rest.length === 0) return null;
  if (kind === 'prompt') return [project, ...rest].join('/');
  if (kind === 'env') return rest[1] === 'r' ? `${project}@${rest[0]} r${rest[2]}` : `${project}@${rest[0]}`;
  if (kind === 'reviews') return `${project} #${rest[0]}`;
  return null;
}

/** Forget all, when somebody signs out. */
export function forgetRecent(): void {
  localStorage.removeItem(KEY);
}
