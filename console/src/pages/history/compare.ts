/** The sides of a comparison of a project, and what of it could be published. */
import type { CompareOut } from '@/api/schema';

export type Compared = CompareOut['items'][number];

/** By itself: the newest versions beside production, or beside the last environment there is. */
export function sidesOf(from: string | undefined, to: string | undefined, environments: readonly string[]): { readonly from: string | undefined; readonly to: string | undefined } {
  const last = environments.includes('production') ? 'production' : environments.at(-1);
  return { from: from ?? 'main', to: to ?? last };
}

/** What would come (`to` of the server's answer) and differs from what is there. */
export function publishable(items: readonly Compared[]): { readonly path: string; readonly version: number; readonly suspended: boolean }[] {
  return items.flatMap(({ path, kind, to }) => (kind !== 'same' && to?.state === 'live' && to.valid ? [{ path, version: to.version, suspended: kind === 'suspended' }] : []));
}
