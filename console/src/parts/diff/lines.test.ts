import { describe, expect, it } from 'vitest';
import { compareLines, linesOf, likeness } from './lines';

describe('compareLines', () => {
  it('shows every line as added where there was nothing', () => {
    expect(compareLines(null, ['a', 'b'])).toEqual([{ before: null, after: 1, same: false }, { before: null, after: 2, same: false }]);
  });

  it('puts a changed line beside the one it was, not beside a new one', () => {
    const rows = compareLines(['x', 'TEAM: motor, home', 'y'], ['x', 'LANGUAGE: any', 'TEAM: motor, home, travel', 'y']);
    expect(rows).toEqual([
      { before: 1, after: 1, same: true },
      { before: null, after: 2, same: false },
      { before: 2, after: 3, same: false },
      { before: 3, after: 4, same: true },
    ]);
  });

  it('has every line of both sides once, in order', () => {
    let seed = 7;
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31);
    for (let round = 0; round < 50; round += 1) {
      const text = (): string[] => Array.from({ length: next() % 30 }, () => `word${next() % 5} word${next() % 5}`);
      const [before, after] = [text(), text()];
      const rows = compareLines(before, after);
      expect(rows.flatMap((row) => row.before ?? [])).toEqual(before.map((_, at) => at + 1));
      expect(rows.flatMap((row) => row.after ?? [])).toEqual(after.map((_, at) => at + 1));
      for (const row of rows) if (row.same) expect(before[(row.before ?? 0) - 1]).toBe(after[(row.after ?? 0) - 1]);
    }
  });

  it('stays quick where nothing of a large text is left', () => {
    const many = (word: string): string[] => Array.from({ length: 6000 }, (_, at) => `${word} ${at}`);
    const began = performance.now();
    expect(compareLines(many('old'), many('new'))).toHaveLength(12_000);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

it('splits lines of both endings', () => expect(linesOf('a\r\nb\n')).toEqual(['a', 'b', '']));
it('finds like lines like', () => expect(likeness('max_tokens: 400', 'max_tokens: 240')).toBe(0.5));
