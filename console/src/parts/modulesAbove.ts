/** `a/b/` and `a/` above `a/b/c`. */
export function above(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) found.add(path.slice(0, end + 1));
  }
  return [...found];
}
