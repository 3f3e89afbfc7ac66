import { expect, it } from 'vitest';
import { compareLines } from './lines';
import { placesOf } from './places';
import { foldRows, inGroups, sectionsOf } from './sections';

const file = (text: string): string[] => `name: A\nmessages:\n  - role: system\n    content: |\n${text}\nrecord:\n  intent: x`.split('\n');
const compare = (before: string[], after: string[]) => sectionsOf(compareLines(before, after), placesOf(before), placesOf(after));
const numbered = (count: number, changed?: number): string => Array.from({ length: count }, (_, at) => `      line number ${at}${at === changed ? ' changed' : ''}`).join('\n');

it('puts changes under the heading of their message and leaves the rest quiet', () => {
  const sections = compare(file(numbered(30)), file(numbered(30, 15)));
  expect(sections.filter(({ kind }) => kind === 'changed').map(({ place, changed }) => [place.role, changed])).toEqual([['system', 1]]);
  expect(sections.filter(({ kind }) => kind === 'same').map(({ place }) => place.part)).toEqual(['about', 'message', 'record']);
});

it('folds unchanged lines far from changes, but never one that is kept', () => {
  const section = compare(file(numbered(30)), file(numbered(30, 15))).find(({ kind }) => kind === 'changed');
  const rows = section?.rows ?? [];
  const stretches = foldRows(rows, () => false);
  expect(stretches.map(({ folded, rows: own }) => [folded, own.length])).toEqual([[true, 12], [false, 7], [true, 11]]);
  const kept = foldRows(rows, (row) => row.after === 6);
  expect(kept.filter(({ folded }) => folded).flatMap(({ rows: own }) => own.map(({ after }) => after))).not.toContain(6);
});

it('never hides a changed role', () => {
  const before = file('      hi');
  const after = before.map((line) => line.replace('role: system', 'role: user'));
  const shown = compare(before, after).flatMap(({ rows }) => foldRows(rows, () => false).filter(({ folded }) => !folded)).flatMap(({ rows }) => rows);
  expect(shown.some((row) => row.after === 3 && !row.same)).toBe(true);
});

it('groups stretches so that a long comparison is drawn part by part, and loses none', () => {
  const section = compare(file(numbered(300)), file(numbered(300).replaceAll(/number (\d*5)$/gm, 'number $1 changed'))).find(({ kind }) => kind === 'changed');
  const stretches = foldRows(section?.rows ?? [], () => false);
  const groups = inGroups(stretches, 60);
  expect(groups.length).toBeGreaterThan(2);
  expect(groups.flat()).toEqual(stretches);
});
