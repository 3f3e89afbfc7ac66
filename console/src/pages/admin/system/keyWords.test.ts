import { describe, expect, it } from 'vitest';
import { signsFrom, whatFollows } from './keyWords';

const now = new Date('2026-03-01T10:00:00Z');

describe('signsFrom', () => {
  it('is so many hours from now, also parts of one and none', () => {
    expect(signsFrom(24, now)?.toISOString()).toBe('2026-03-02T10:00:00.000Z');
    expect(signsFrom(0.5, now)?.toISOString()).toBe('2026-03-01T10:30:00.000Z');
    expect(signsFrom(0, now)).toEqual(now);
  });
  it('is nothing while the field holds no number, or one beyond all time', () => {
    expect(signsFrom('', now)).toBeNull();
    expect(signsFrom(Number.NaN, now)).toBeNull();
    expect(signsFrom(1e300, now)).toBeNull();
  });
});

describe('whatFollows', () => {
  it('names the key that takes over from the one that signs', () => {
    expect(whatFollows({ state: 'signing', successor: 'ab12' })).toContain('ab12, which is announced, begins to sign at once');
  });
  it('says that a new one is made where none is announced, and what to do before', () => {
    expect(whatFollows({ state: 'signing', successor: null })).toMatch(/A new key is made.*announce a new key first/);
  });
  it('says that nothing changes for signatures where the key does not sign', () => {
    expect(whatFollows({ state: 'announced', successor: 'ab12' })).toContain('ab12 goes on signing. Another');
    expect(whatFollows({ state: 'retired', successor: 'ab12' })).toBe('Key ab12 goes on signing.');
  });
});
