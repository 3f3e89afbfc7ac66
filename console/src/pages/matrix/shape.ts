/** The matrix as it is drawn: columns by family, lines by module, the cell cursor. Pure. */
import type { CellOut, ColumnOut, RowOut } from '@/api/schema';

/** A line of the grid: the heading of a module, or a prompt. */
export type Line = { readonly kind: 'module'; readonly module: string } | { readonly kind: 'prompt'; readonly row: RowOut };

export interface FamilySpan {
  readonly family: string | null;
  readonly columns: readonly ColumnOut[];
}

/** `claims/motor` of `claims/motor/triage`; empty where it has none. */
export function moduleOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Headings before the prompts of each module; without `grouped` (a search, best first) the prompts alone. */
export function linesOf(rows: readonly RowOut[], grouped: boolean): readonly Line[] {
  const lines: Line[] = [];
  let last: string | undefined;
  for (const row of rows) {
    const module = moduleOf(row.path);
    if (grouped && module !== last) lines.push({ kind: 'module', module });
    last = module;
    lines.push({ kind: 'prompt', row });
  }
  return lines;
}

/** Columns by family, those of an unknown family last; only those of `only`, if given. */
export function familiesOf(columns: readonly ColumnOut[], only?: string): readonly FamilySpan[] {
  const spans = new Map<string | null, ColumnOut[]>();
  for (const column of columns) {
    if (only !== undefined && (column.family ?? '-') !== only) continue;
    spans.set(column.family, [...(spans.get(column.family) ?? []), column]);
  }
  return [...spans].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b))).map(([family, members]) => ({ family, columns: members }));
}

export function cellOf(row: RowOut, target: string): CellOut | undefined {
  return row.cells.find((cell) => cell.target === target);
}

export interface Cursor {
  readonly path: string;
  readonly target: string;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], k: [-1, 0], j: [1, 0], PageUp: [-10, 0], PageDown: [10, 0],
};

/** Where a key takes the cursor; null where it is no key of the grid. Without a cursor any key leads to the first cell. */
export function moved(key: string, cursor: Cursor | null, paths: readonly string[], targets: readonly string[]): Cursor | null {
  const at = (row: number, column: number): Cursor | null => {
    const path = paths[Math.max(0, Math.min(paths.length - 1, row))];
    const target = targets[Math.max(0, Math.min(targets.length - 1, column))];
    return path === undefined || target === undefined ? null : { path, target };
  };
  const row = cursor === null ? -1 : paths.indexOf(cursor.path);
  const column = cursor === null ? -1 : targets.indexOf(cursor.target);
  const known = key in STEPS || key === 'Home' || key === 'End';
  if (!known) return null;
  if (row < 0 || column < 0) return at(0, 0);
  if (key === 'Home') return at(row, 0);
  if (key === 'End') return at(row, targets.length - 1);
  const [down, right] = STEPS[key] ?? [0, 0];
  return at(row + down, column + right);
}

/** `61 %` of 0.6097. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
