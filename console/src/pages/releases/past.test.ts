import { describe, expect, it } from 'vitest';
import { placeOf, timeAt } from './past';

const first = Date.parse('2026-01-01T00:00:00Z');
const now = Date.parse('2026-01-11T00:00:00Z');

describe('the slider', () => {
  it('stands at the end for now and between for a time', () => {
    expect(placeOf(undefined, undefined, first, now)).toBe(1000);
    expect(placeOf('2026-01-06T00:00:00Z', undefined, first, now)).toBe(500);
    expect(placeOf('r3', '2026-01-02T00:00:00Z', first, now)).toBe(100);
    expect(placeOf('nonsense', undefined, first, now)).toBe(1000);
  });
  it('leads back to the moment', () => {
    expect(timeAt(500, first, now)).toBe(Date.parse('2026-01-06T00:00:00Z'));
    expect(timeAt(0, first, now)).toBe(first + 1000);
  });
});
