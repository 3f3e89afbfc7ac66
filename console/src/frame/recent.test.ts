import { describe, expect, it } from 'vitest';
import { thingAt, withRecent } from './recent';

describe('recent things', () => {
  it('puts the newest first and each once', () => {
    const kept = withRecent([{ href: '/a', title: 'a' }, { href: '/b', title: 'b' }], { href: '/b', title: 'b' });
    expect(kept.map(({ href }) => href)).toEqual(['/b', '/a']);
  });
  it('names prompts, releases, environments and requests, and no places', () => {
    expect(thingAt('/p/bank/prompt/claims/triage')).toBe('bank/claims/triage');
    expect(thingAt('/p/bank/env/production/r/42')).toBe('bank@production r42');
    expect(thingAt('/p/bank/env/staging')).toBe('bank@staging');
    expect(thingAt('/p/bank/reviews/12')).toBe('bank #12');
    expect(thingAt('/p/bank/releases')).toBeNull();
    expect(thingAt('/work')).toBeNull();
  });
});
