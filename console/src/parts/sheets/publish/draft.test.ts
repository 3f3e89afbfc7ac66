import { describe, expect, it } from 'vitest';
import { isComplete, localText, momentOf, nextHour, promotionBody, publishBody, type Draft } from './draft';

const draft: Draft = { to: 'production', picks: [{ path: 'a', version: 3 }, { path: 'b' }], promoteFrom: null, module: '', prune: false, at: '', onlyIfHead: true, incident: null, reason: ' why ', ticket: ' ' };

describe('a draft', () => {
  it('becomes a publish', () => {
    expect(publishBody(draft, false)).toEqual({ prompts: [{ path: 'a', version: 3 }, { path: 'b', version: null }], reason: 'why', ticket: null, dry_run: false, at: null, only_if_head: false, emergency: null });
  });
  it('needs no reason to be looked at', () => {
    expect(publishBody(draft, true)).toMatchObject({ reason: '', dry_run: true });
  });
  it('becomes a promotion', () => {
    expect(promotionBody({ ...draft, promoteFrom: 'staging', module: 'claims' }, false)).toMatchObject({ from: 'staging', module: 'claims', prune: false });
  });
  it('is asked about once it names something', () => {
    expect(isComplete({ ...draft, picks: [] })).toBe(false);
    expect(isComplete({ ...draft, picks: [], promoteFrom: 'staging' })).toBe(true);
    expect(isComplete({ ...draft, promoteFrom: 'production' })).toBe(false);
  });
});

describe('times', () => {
  it('are local in the field and exact on the way', () => {
    const at = localText(new Date('2026-12-01T01:00:00Z'));
    expect(momentOf(at)).toBe('2026-12-01T01:00:00.000Z');
    expect(momentOf('')).toBeNull();
  });
  it('begin at a full hour to come', () => {
    const now = new Date(2026, 11, 1, 9, 20);
    expect(nextHour(now)).toBe('2026-12-01T11:00');
  });
});
