/** Which lines of two texts belong together: the rows of a comparison. Line numbers count from 1. */
import { diffArrays } from 'diff';

/** A row: a line on both sides (`same` or a changed pair), or on one. */
export interface Row {
  readonly before: number | null;
  readonly after: number | null;
  readonly same: boolean;
}

/** Edits the search goes through before it gives up and shows a whole stretch as replaced. */
const MOST_EDITS = 800;
/** Pairs of lines compared for likeness within one changed stretch. */
const MOST_PAIRS = 2500;
/** Two lines less alike than this are not put beside each other. */
const ALIKE = 0.35;

/** The lines of a text, without their endings. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/** All rows of a comparison, in order. Nothing before: every line is added. */
export function compareLines(before: readonly string[] | null, after: readonly string[]): Row[] {
  if (before === null) return after.map((_, at) => ({ before: null, after: at + 1, same: false }));
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const rows: Row[] = [];
  const same = (from: number, to: number, count: number): void => {
    for (let step = 1; step <= count; step += 1) rows.push({ before: from + step, after: to + step, same: true });
  };
  same(0, 0, head);
  const old = before.slice(head, before.length - tail);
  const young = after.slice(head, after.length - tail);
  const parts = diffArrays([...old], [...young], { maxEditLength: MOST_EDITS }) ?? [
    { value: old, count: old.length, removed: true, added: false },
    { value: young, count: young.length, removed: false, added: true },
  ];
  let from = head;
  let to = head;
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at];
    if (!part) continue;
    const count = part.value.length;
    if (!part.removed && !part.added) {
      same(from, to, count);
      from += count;
      to += count;
      continue;
    }
    const next = parts[at + 1];
    const other = next && next.added !== part.added && (next.added || next.removed) ? next : undefined;
    const gone = part.removed ? count : (other?.value.length ?? 0);
    const come = part.added ? count : (other?.value.length ?? 0);
    rows.push(...pairUp(before.slice(from, from + gone), after.slice(to, to + come), from, to));
    from += gone;
    to += come;
    if (other) at += 1;
  }
  same(before.length - tail, after.length - tail, tail);
  return rows;
}

/** Lines of a changed stretch, the alike ones beside each other in order. */
function pairUp(gone: readonly string[], come: readonly string[], from: number, to: number): Row[] {
  const rows: Row[] = [];
  let left = 0;
  let right = 0;
  const alone = (untilLeft: number, untilRight: number): void => {
    for (; left < untilLeft; left += 1) rows.push({ before: from + left + 1, after: null, same: false });
    for (; right < untilRight; right += 1) rows.push({ before: null, after: to + right + 1, same: false });
  };
  for (const [a, b] of pairs(gone, come)) {
    alone(a, b);
    rows.push({ before: from + a + 1, after: to + b + 1, same: false });
    left = a + 1;
    right = b + 1;
  }
  alone(gone.length, come.length);
  return rows;
}

/** Index pairs of alike lines, rising on both sides, with the greatest likeness in all. */
function pairs(gone: readonly string[], come: readonly string[]): [number, number][] {
  if (gone.length * come.length > MOST_PAIRS) return [];
  const best = Array.from({ length: gone.length + 1 }, () => new Float64Array(come.length + 1));
  const value = (a: number, b: number): number => best[a]?.[b] ?? 0;
  const alike = gone.map((one) => come.map((two) => likeness(one, two)));
  for (let a = gone.length - 1; a >= 0; a -= 1) {
    for (let b = come.length - 1; b >= 0; b -= 1) {
      const score = alike[a]?.[b] ?? 0;
      const row = best[a];
      if (row) row[b] = Math.max(value(a + 1, b), value(a, b + 1), score >= ALIKE ? score + value(a + 1, b + 1) : 0);
    }
  }
  const found: [number, number][] = [];
  let a = 0;
  let b = 0;
  while (a < gone.length && b < come.length) {
    const score = alike[a]?.[b] ?? 0;
    if (score >= ALIKE && value(a, b) === score + value(a + 1, b + 1)) {
      found.push([a, b]);
      a += 1;
      b += 1;
    } else if (value(a + 1, b) >= value(a, b + 1)) a += 1;
    else b += 1;
  }
  return found;
}

/** Share of common words (Dice), 0 to 1. */
export function likeness(one: string, two: string): number {
  const left = one.slice(0, 2000).match(/[\p{L}\p{N}_]+/gu) ?? [];
  const right = two.slice(0, 2000).match(/[\p{L}\p{N}_]+/gu) ?? [];
  if (left.length + right.length === 0) return one.trim() === two.trim() ? 1 : 0;
  const counts = new Map<string, number>();
  for (const word of left) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of right) {
    const count = counts.get(word) ?? 0;
    if (count > 0) {
      common += 1;
      counts.set(word, count - 1);
    }
  }
  return (2 * common) / (left.length + right.length);
}
