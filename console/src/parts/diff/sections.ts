/** The rows of a comparison under headings, and which of them are folded away. */
import type { Row } from './lines';
import type { Place } from './places';

/** A row with the place that says how it is shown. */
export interface PlacedRow extends Row {
  /** Both sides are of the file's form alone and unchanged in meaning: not shown. */
  readonly form: boolean;
  readonly place: Place;
}

export interface Section {
  /** Unique within the comparison. */
  readonly id: string;
  readonly place: Place;
  readonly rows: readonly PlacedRow[];
  readonly changed: number;
  readonly kind: 'same' | 'added' | 'removed' | 'changed';
}

/** Rows under headings. A removed line stands under the heading its neighbours moved to. */
export function sectionsOf(rows: readonly Row[], before: readonly Place[], after: readonly Place[]): Section[] {
  const now = new Map<string, string>();
  for (const row of rows) {
    const left = row.before === null ? undefined : before[row.before - 1];
    const right = row.after === null ? undefined : after[row.after - 1];
    if (left && right && !now.has(left.key)) now.set(left.key, right.key);
  }
  const groups: { key: string; place: Place; rows: PlacedRow[] }[] = [];
  for (const row of rows) {
    const left = row.before === null ? undefined : before[row.before - 1];
    const right = row.after === null ? undefined : after[row.after - 1];
    const place = right ?? left;
    if (!place) continue;
    const key = right ? right.key : (now.get(place.key) ?? `gone ${place.key}`);
    const roleKept = !left || !right || left.role === right.role;
    const form = roleKept && (left?.form ?? true) && (right?.form ?? true) && (row.same || left === undefined || right === undefined);
    const placed = { ...row, form, place };
    const last = groups.at(-1);
    if (last?.key === key) {
      last.rows.push(placed);
      if (right && last.place !== right && last.rows.every((other) => other.after === null || other === placed)) last.place = right;
    } else groups.push({ key, place, rows: [placed] });
  }
  return groups.map(({ key, place, rows: own }, at) => {
    const changes = own.filter((row) => !row.same);
    const kind = changes.length === 0 ? 'same' : own.every((row) => row.before === null) ? 'added' : own.every((row) => row.after === null) ? 'removed' : 'changed';
    return { id: `${at} ${key}`, place, rows: own, changed: changes.filter((row) => !row.form).length, kind };
  });
}

/** Unchanged lines around a change that stay in sight. */
export const AROUND = 3;
/** A stretch shorter than this is not worth folding. */
const SHORTEST = 4;

export type Stretch = { readonly folded: boolean; readonly rows: readonly PlacedRow[]; readonly id: string };

/** The rows of one section as stretches, unchanged ones far from a change folded. `keep` holds rows in sight (they carry comments). */
export function foldRows(rows: readonly PlacedRow[], keep: (row: PlacedRow) => boolean): Stretch[] {
  const shown = rows.filter((row) => !row.form || keep(row));
  const near = new Uint8Array(shown.length);
  shown.forEach((row, at) => {
    if (row.same && !keep(row)) return;
    near.fill(1, Math.max(0, at - AROUND), Math.min(shown.length, at + AROUND + 1));
  });
  const stretches: { folded: boolean; rows: PlacedRow[]; id: string }[] = [];
  shown.forEach((row, at) => {
    const folded = near[at] === 0;
    const last = stretches.at(-1);
    if (last && last.folded === folded) last.rows.push(row);
    else stretches.push({ folded, rows: [row], id: `${row.before ?? ''}-${row.after ?? ''}` });
  });
  return stretches.map((stretch) => (stretch.folded && stretch.rows.length < SHORTEST ? { ...stretch, folded: false } : stretch));
}

/** Rows in parts of a size that a browser lays out at once. */
export function inParts<T>(rows: readonly T[], size: number): (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let at = 0; at < rows.length; at += size) parts.push(rows.slice(at, at + size));
  return parts;
}

/** Neighbouring stretches together until about so many rows are in sight. */
export function inGroups(stretches: readonly Stretch[], size: number): (readonly Stretch[])[] {
  const groups: Stretch[][] = [];
  let held = size;
  for (const stretch of stretches) {
    if (held >= size) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)?.push(stretch);
    held += stretch.folded ? 1 : stretch.rows.length;
  }
  return groups;
}
