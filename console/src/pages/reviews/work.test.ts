import { expect, it } from 'vitest';
import type { WorkOut } from '@/api/schema';
import { groupsOf, hrefOf, saidOf } from './work';

const work = (more: Partial<WorkOut>): WorkOut => ({ asked: false, due: null, kind: 'review', path: 'a/b', project: 'bank', request: 3, since: '2026-01-01', tier: null, version: 2, what: '', ...more });

it('groups by what is to be done, the earliest due first', () => {
  const groups = groupsOf([work({ since: '1' }), work({ kind: 'ratify' }), work({ due: '2026-02-01', since: '9' })]);
  expect(groups.map(({ kind, items }) => [kind, items.map((item) => item.since)])).toEqual([['ratify', ['2026-01-01']], ['review', ['9', '1']]]);
});

it('leads to the request, and to publishing where that is what waits', () => {
  expect(hrefOf(work({}))).toBe('/p/bank/reviews/3');
  expect(hrefOf(work({ kind: 'publish' }))).toBe('/p/bank/reviews/3?sheet=publish&prompts=a%2Fb%402');
});

it('leads to the emergencies of the environment, to overdue reviews and to redactions', () => {
  const what = 'INC-4: a/b@2 went live in production without approval (`promptops emergency ratify bank@production r8`, or `refuse`).';
  expect(hrefOf(work({ kind: 'ratify', request: null, what }))).toBe('/p/bank/env/production?tab=emergencies');
  expect(saidOf(work({ what }))).toBe('INC-4: a/b@2 went live in production without approval.');
  expect(hrefOf(work({ kind: 'suspend_decision', request: null }))).toBe('/p/bank/compliance?tab=certifications');
  expect(hrefOf(work({ kind: 'approve_redaction', request: null, path: '' }))).toBe('/p/bank/audit?tab=redactions');
});
