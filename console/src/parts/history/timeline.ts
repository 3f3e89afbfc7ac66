/** A prompt's history as one list, newest first: versions, releases, reviews. */
import type { ReleaseOut, RequestOut, VersionInHistory } from '@/api/schema';

export type Event =
  | { readonly kind: 'version'; readonly at: string; readonly id: string; readonly version: VersionInHistory }
  | { readonly kind: 'release'; readonly at: string; readonly id: string; readonly release: ReleaseOut; readonly version: number; readonly state: ReleaseOut['prompts'][number]['state'] }
  | { readonly kind: 'request'; readonly at: string; readonly id: string; readonly request: RequestOut }
  | { readonly kind: 'decision'; readonly at: string; readonly id: string; readonly request: RequestOut; readonly decision: RequestOut['decisions'][number] };

export type Wanted = 'all' | 'versions' | 'live';

/** `complete` is false while older versions are not fetched: then nothing older than the oldest one is told. */
export function timelineOf(path: string, versions: readonly VersionInHistory[], complete: boolean, releases: readonly ReleaseOut[], requests: readonly RequestOut[], wanted: Wanted): Event[] {
  const events: Event[] = [];
  if (wanted !== 'live') for (const version of versions) events.push({ kind: 'version', at: version.created_at, id: `v${version.version} ${version.path}`, version });
  if (wanted !== 'versions') {
    for (const release of releases) {
      const change = release.prompts.find((prompt) => prompt.path === path);
      if (change) events.push({ kind: 'release', at: release.acknowledged_at, id: `${release.environment} r${release.number}`, release, version: change.version, state: change.state });
    }
  }
  if (wanted === 'all') {
    for (const request of requests) {
      if (request.path !== path) continue;
      events.push({ kind: 'request', at: request.opened_at, id: `#${request.request}`, request });
      request.decisions.forEach((decision, at) => events.push({ kind: 'decision', at: decision.at, id: `#${request.request} ${at}`, request, decision }));
    }
  }
  const oldest = complete ? undefined : versions.at(-1)?.created_at;
  // A version comes before what was done with it in the same moment.
  return events.filter((event) => oldest === undefined || event.at >= oldest).sort((one, two) => two.at.localeCompare(one.at));
}

/** The chosen versions after one more was chosen or let go: at most two, the earliest choice gives way. */
export function choose(chosen: readonly number[], version: number): number[] {
  return chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version].slice(-2);
}
