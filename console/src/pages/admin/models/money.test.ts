import { describe, expect, it } from 'vitest';
import { dollars, millionthsOf, share } from './money';

describe('dollars', () => {
  it('writes cents', () => expect(dollars(50_000_000)).toBe('$50.00'));
  it('writes more where cents would say nothing', () => expect(dollars(4_200)).toBe('$0.0042'));
  it('writes nothing spent as zero', () => expect(dollars(0)).toBe('$0.00'));
});

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
