import { describe, expect, it } from 'vitest';
import type { Release } from '@/api/releases';
import { merged, perDay } from './merge';

const release = (environment: string, number: number, at: string): Release => ({ environment, number, acknowledged_at: at }) as Release;

describe('several environments as one list', () => {
  it('shows nothing older than what may still come between', () => {
    const found = merged([
      { items: [release('a', 9, '2026-01-09T12:00:00Z'), release('a', 8, '2026-01-08T12:00:00Z')], hasNext: true },
      { items: [release('b', 2, '2026-01-08T18:00:00Z'), release('b', 1, '2026-01-01T12:00:00Z')], hasNext: false },
    ]);
    expect(found.map(({ environment, number }) => `${environment}${number}`)).toEqual(['a9', 'b2', 'a8']);
  });
});

describe('releases per day', () => {
  it('has every day between the first and the last', () => {
    const { days, counts } = perDay([release('a', 1, '2026-01-01T12:00:00Z'), release('a', 2, '2026-01-03T12:00:00Z'), release('b', 1, '2026-01-03T13:00:00Z')], ['a', 'b']);
    expect(days).toEqual(['2026-01-01', '2026-01-02', '2026-01-03']);
    expect(counts).toEqual({ a: [1, 0, 1], b: [0, 0, 1] });
  });
  it('is empty for none', () => {
    expect(perDay([], ['a'])).toEqual({ days: [], counts: { a: [] } });
  });
});
