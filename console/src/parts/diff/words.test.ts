import { expect, it } from 'vitest';
import { compareWords } from './words';

const text = (pieces: readonly { text: string }[]): string => pieces.map((piece) => piece.text).join('');

it('marks the words that differ and loses none', () => {
  const found = compareWords('WHY: one sentence', 'WHY: at most ten words');
  expect(text(found.before)).toBe('WHY: one sentence');
  expect(text(found.after)).toBe('WHY: at most ten words');
  expect(found.after.filter(({ marked }) => marked).map((piece) => piece.text.trim()).join(' ')).toContain('ten words');
  expect(found.before[0]).toMatchObject({ marked: false });
});

it('marks a huge line between its common ends', () => {
  const long = 'a'.repeat(100_000);
  const found = compareWords(`${long}x${long}`, `${long}yy${long}`);
  expect(found.after.find(({ marked }) => marked)?.text).toBe('yy');
});
