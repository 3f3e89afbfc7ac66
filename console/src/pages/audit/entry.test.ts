import { describe, expect, it } from 'vitest';
import { actionInWords, asked, changesOf, objectInWords } from './entry';

describe('events in words', () => {
  it('says known actions as people do and others legibly', () => {
    expect(actionInWords('release.publish')).toBe('published a release');
    expect(actionInWords('mirror.push_now')).toBe('mirror: push now');
  });
  it('puts what changed before what stayed', () => {
    const changes = changesOf({ before: { a: 1, b: 'x' }, after: { a: 1, b: 'y', c: ['z'] } });
    expect(changes.map((one) => one.field)).toEqual(['b', 'c', 'a']);
    expect(changes[1]).toEqual({ field: 'c', before: undefined, after: '["z"]' });
  });
  it('takes the last day of a time as part of it', () => {
    const { since, until } = asked({ since: '2026-07-01', until: '2026-07-01' }, 'retail-bank');
    expect(new Date(until as string).getTime() - new Date(since as string).getTime()).toBe(86_400_000);
  });
});

it('leaves out what only machines know', () => {
  expect(objectInWords({ id: '01a21d9d-beb2-727c-a3df-c1d11ab66993' })).toBeUndefined();
  expect(objectInWords({ id: 'retail-bank/claims/triage' })).toBe('retail-bank/claims/triage');
});
