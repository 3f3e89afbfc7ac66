import { describe, expect, it } from 'vitest';
import type { Follower } from '@/api/releases';
import { clock, MOST, squaresOf } from './squares';

const follower = (id: string, release: number, state: Follower['state']): Follower => ({ id, host: 'h', process: 1, sdk: 's', via: 'http', release, applied_at: '', lag_ms: null, last_seen: '', state, refused: null, refused_release: null, refused_since: null, since: '' });

describe('the map', () => {
  it('names each application where all are known', () => {
    const map = squaresOf({ release: 4, total: 3, applied: 1, waiting: 1, silent: 1 }, [follower('a', 4, 'current'), follower('b', 3, 'behind'), follower('c', 3, 'silent')]);
    expect(map.squares.map(({ state, of }) => [of?.id, state])).toEqual([['a', 'fresh'], ['b', 'old'], ['c', 'silent']]);
  });
  it('counts where the list is shorter', () => {
    const map = squaresOf({ release: 4, total: 120, applied: 118, waiting: 0, silent: 2 }, []);
    expect(map.squares.filter(({ state }) => state === 'silent')).toHaveLength(2);
    expect(map.squares).toHaveLength(120);
  });
  it('never loses a straggler among many', () => {
    const map = squaresOf({ release: 4, total: 100_000, applied: 99_999, waiting: 1, silent: 0 }, []);
    expect(map.squares.length).toBeLessThanOrEqual(MOST + 1);
    expect(map.squares.filter(({ state }) => state === 'old')).toHaveLength(1);
    expect(map.each).toBe(167);
  });
  it('is empty where nobody follows', () => {
    expect(squaresOf({ release: 4, total: 0, applied: 0, waiting: 0, silent: 0 }, []).squares).toEqual([]);
  });
});

describe('the counter', () => {
  it('tells milliseconds', () => {
    expect(clock(412.7)).toBe('0.412 s');
    expect(clock(61_003)).toBe('61.003 s');
  });
});
