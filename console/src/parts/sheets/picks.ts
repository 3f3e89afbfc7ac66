/** What a sheet's address says: prompts as `path@version,path`, versions and releases to go back to. */

/** A prompt to publish; without a version its newest. */
export interface Pick {
  readonly path: string;
  readonly version?: number;
}

/** `claims/triage@12,claims/fraud` as picks; each prompt once, the last word counts. */
export function readPicks(text: string | undefined): readonly Pick[] {
  const found = new Map<string, Pick>();
  for (const part of (text ?? '').split(',')) {
    const match = /^([^@\s]+)(?:@(\d{1,9}))?$/.exec(part.trim());
    if (!match?.[1]) continue;
    found.set(match[1], match[2] === undefined ? { path: match[1] } : { path: match[1], version: Number(match[2]) });
  }
  return [...found.values()];
}

export function writePicks(picks: readonly Pick[]): string {
  return picks.map(({ path, version }) => (version === undefined ? path : `${path}@${version}`)).join(',');
}

/** The same picks with one added, changed, or (null) taken out. */
export function withPick(picks: readonly Pick[], path: string, pick: Pick | null): readonly Pick[] {
  if (pick === null) return picks.filter((one) => one.path !== path);
  return picks.some((one) => one.path === path) ? picks.map((one) => (one.path === path ? pick : one)) : [...picks, pick];
}

/** What to go back to: a version (`7`), a release (`r41`), or nothing: what was before. */
export type Target = { readonly version: number } | { readonly release: number } | null;

export function readTarget(text: string | undefined): Target {
  const match = /^(r)?(\d{1,9})$/.exec(text ?? '');
  if (!match) return null;
  const number = Number(match[2]);
  return match[1] ? { release: number } : { version: number };
}
