import { describe, expect, it } from 'vitest';
import { ProblemError } from '@/api/problem';
import { begun, difference, faultsByRule } from './rules';

describe('rules of an environment', () => {
  it('tells the server only what changed, and null for what goes', () => {
    expect(difference({ max_prompts: { prompts: 5 }, max_tier: { tier: 'low' } }, { max_prompts: { prompts: 6 } })).toEqual({ max_prompts: { prompts: 6 }, max_tier: null });
    expect(difference({ max_prompts: { prompts: 5 } }, { max_prompts: { prompts: 5 } })).toEqual({});
  });
  it('begins a soak time in an environment that is there', () => {
    expect(begun('min_minutes_in', ['staging'], 'UTC')).toEqual({ environment: 'staging', minutes: 60 });
  });
  it('tells a refusal at its rule, by the name of the field', () => {
    const refused = (errors?: { key: string; message: string }[]) => new ProblemError({ type: 'urn:promptops:problem:invalid', title: '', status: 422, detail: 'No.', errors });
    expect(faultsByRule(refused([{ key: 'body.rules.windows.open.0.zone', message: "Value error, 'Mars' is no time zone" }]))).toEqual({ at: { windows: ["Time zone: 'Mars' is no time zone."] }, rest: null });
    const unknown = refused([{ key: 'body.other', message: 'x' }]);
    expect(faultsByRule(unknown)).toEqual({ at: {}, rest: unknown });
    expect(faultsByRule(null)).toEqual({ at: {}, rest: null });
  });
});
