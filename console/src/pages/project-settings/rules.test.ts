import { describe, expect, it } from 'vitest';
import { begun, difference } from './rules';

describe('rules of an environment', () => {
  it('tells the server only what changed, and null for what goes', () => {
    expect(difference({ max_prompts: { prompts: 5 }, max_tier: { tier: 'low' } }, { max_prompts: { prompts: 6 } })).toEqual({ max_prompts: { prompts: 6 }, max_tier: null });
    expect(difference({ max_prompts: { prompts: 5 } }, { max_prompts: { prompts: 5 } })).toEqual({});
  });
  it('begins a soak time in an environment that is there', () => {
    expect(begun('min_minutes_in', ['staging'], 'UTC')).toEqual({ environment: 'staging', minutes: 60 });
  });
});
