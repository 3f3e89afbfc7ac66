import { describe, expect, it } from 'vitest';
import { dollars, millionths } from './money';

describe('dollars', () => {
  it('shows small amounts with the digits they need', () => {
    expect(dollars(1_200_000)).toBe('$1.20');
    expect(dollars(20_400)).toBe('$0.02');
    expect(dollars(4_300)).toBe('$0.0043');
  });
  it('never shows an unknown cost as nothing', () => {
    expect(dollars(null)).toBe('not known');
    expect(dollars(0)).toBe('$0.00');
    expect(dollars(20_000, 3)).toBe('$0.02+');
  });
});

it('reads typed dollars', () => {
  expect(millionths('0.5')).toBe(500_000);
  expect(millionths('')).toBeUndefined();
  expect(millionths('-1')).toBeUndefined();
});
