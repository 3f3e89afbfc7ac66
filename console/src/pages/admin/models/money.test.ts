import { describe, expect, it } from 'vitest';
import { millionthsOf, share } from './money';

describe('millionthsOf', () => {
  it('is null without a budget', () => expect(millionthsOf('')).toBeNull());
  it('keeps a budget of zero', () => expect(millionthsOf(0)).toBe(0));
  it('rounds to a millionth', () => expect(millionthsOf('0.1')).toBe(100_000));
});

describe('share', () => {
  it('counts what is set aside', () => expect(share(20, 30, 100)).toBe(50));
  it('is full without room', () => expect(share(0, 0, 0)).toBe(100));
  it('is never over the whole', () => expect(share(200, 0, 100)).toBe(100));
});
