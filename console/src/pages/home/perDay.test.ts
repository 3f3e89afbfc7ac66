import { expect, it } from 'vitest';
import { perDay } from './perDay';

it('counts moments by the local day and leaves out what is older', () => {
  const now = new Date(2026, 6, 25, 9);
  const at = (day: number, hour: number) => new Date(2026, 6, day, hour).toISOString();
  const { days, counts } = perDay([[at(25, 0), at(24, 23), at(24, 1), at(1, 1)], []], now, 3);
  expect(days).toHaveLength(3);
  expect(counts).toEqual([[0, 2, 1], [0, 0, 0]]);
});
