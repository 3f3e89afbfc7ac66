import { describe, expect, it } from 'vitest';
import type { FieldOut } from '@/api/schema';
import { findingsOf, isAsked, naReason, naValue, originOf, shownValue, type DraftRecord, type Finding } from './fields';

const field = (tier: string, condition: string | null) => ({ required: { tier, condition, text: '' } }) as unknown as FieldOut;

describe('a field of the record', () => {
  it('is asked from its tier on and under its condition', () => {
    expect(isAsked(field('low', null), null, [])).toBe(true);
    expect(isAsked(field('medium', null), 'low', [])).toBe(false);
    expect(isAsked(field('low', 'people'), 'high', [])).toBe(false);
    expect(isAsked(field('low', 'people'), 'high', ['people'])).toBe(true);
  });
  it('has the findings of itself and its members alone', () => {
    const found = [{ key: 'model' }, { key: 'model.name' }, { key: 'models' }] as Finding[];
    expect(findingsOf(found, 'model').length).toBe(2);
  });
  it('says where its value comes from, its own answer first', () => {
    const record = { values: [{ key: 'scope.channels', from: 'project', file: 'd.yml' }, { key: 'scope.audience', from: 'record', file: null }] } as unknown as DraftRecord;
    expect(originOf(record, 'scope')).toEqual({ from: 'record', file: null });
    expect(originOf(record, 'intent')).toBeNull();
  });
  it('may not apply, with a reason', () => {
    expect(naReason('n/a: nobody is affected')).toBe('nobody is affected');
    expect(naReason(naValue('because'))).toBe('because');
    expect(naReason('name')).toBeNull();
  });
  it('is shown as words', () => expect(shownValue({ score: 1, a_b: ['x', true] })).toBe('score: 1 · a b: x, yes'));
});
