/** How far the newest version of a prompt is from what is live. */

export interface Differing {
  readonly path: string;
  readonly to: { readonly version: number } | null;
}

export type Drift = { readonly kind: 'same' } | { readonly kind: 'newer'; readonly version: number } | { readonly kind: 'gone' } | { readonly kind: 'unknown' };

/** The drift of any path, from the prompts that differ. They come by path: beyond the last one loaded nothing is known yet. */
export function drifts(differing: readonly Differing[], more: boolean): (path: string, version: number) => Drift {
  const found = new Map(differing.map((one) => [one.path, one]));
  const end = more ? (differing.at(-1)?.path ?? '') : null;
  return (path, version) => {
    const one = found.get(path);
    if (one === undefined) return end !== null && path > end ? { kind: 'unknown' } : { kind: 'same' };
    if (one.to === null) return { kind: 'gone' };
    return one.to.version === version ? { kind: 'same' } : { kind: 'newer', version: one.to.version };
  };
}
