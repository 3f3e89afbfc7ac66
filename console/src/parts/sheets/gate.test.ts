import { describe, expect, it } from 'vitest';
import { checklist, fixOf, remedyOf, type Asked } from './gate';

const asked: Asked = {
  project: 'bank',
  environment: { name: 'production', approval_required: true, rules: { only_from: { environment: 'staging' } }, rules_in_words: { only_from: 'only versions that are live in staging' } },
  prompts: [{ path: 'claims/triage', version: 12 }, { path: 'claims/triage-b', version: 1 }],
  here: '/p/bank',
};
const unmet = (rule: string, detail: string) => ({ rule, detail, remedy: 'Do it.' });

describe('the checklist', () => {
  it('tells what is met too', () => {
    expect(checklist([], asked).map(({ key, conditions }) => [key, conditions.length])).toEqual([['approval', 0], ['record', 0], ['separation', 0], ['only_from', 0]]);
  });
  it('keeps every condition, known or not, and puts the unknown first', () => {
    const groups = checklist([unmet('gate.new', 'x'), unmet('record.owner', 'claims/triage@12: R1 owner: empty')], asked);
    expect(groups[0]).toMatchObject({ key: 'other', conditions: [{ unmet: { rule: 'gate.new' } }] });
    expect(groups.flatMap((group) => group.conditions)).toHaveLength(2);
  });
  it('tells only what is unmet in an emergency', () => {
    expect(checklist([], asked, true)).toEqual([]);
  });
});

describe('what fixes a condition', () => {
  it('leads to the record field of the prompt the sentence begins with', () => {
    expect(fixOf(unmet('record.owner', 'claims/triage-b@1: R1 owner: empty'), asked)).toMatchObject({ href: '/p/bank/prompt/claims/triage-b?tab=record&v=1&field=owner' });
  });
  it('leads to the open request, or asks for one', () => {
    expect(fixOf(unmet('approval.approval', 'claims/triage@12: request #7 lacks 1 approval.'), asked)).toMatchObject({ href: '/p/bank/reviews/7' });
    expect(fixOf(unmet('approval.missing', 'claims/triage@12: nobody was asked to review this content.'), asked)).toMatchObject({ href: '/p/bank/reviews?new=claims%2Ftriage%4012' });
  });
  it('publishes to the environment a rule wants first', () => {
    expect(fixOf(unmet('rule.only_from', 'x'), asked)).toMatchObject({ href: '/p/bank?sheet=publish&to=staging&prompts=claims%2Ftriage%4012%2Cclaims%2Ftriage-b%401' });
  });
  it('is a field of the sheet, or somebody else', () => {
    expect(fixOf(unmet('rule.ticket_required', 'x'), asked)).toMatchObject({ kind: 'field', field: 'ticket' });
    expect(fixOf(unmet('separation.author', 'claims/triage@12: ada wrote it'), asked)).toMatchObject({ kind: 'share' });
  });
});

it('tells no command to type where a control does the same', () => {
  const typed = { rule: 'approval.missing', detail: 'claims/triage@12: nobody was asked.', remedy: 'Ask: `promptops review request bank/claims/triage@12`.' };
  expect(remedyOf({ unmet: typed, fix: fixOf(typed, asked) })).toBeNull();
  expect(remedyOf({ unmet: typed, fix: null })).toBe(typed.remedy);
  expect(remedyOf({ unmet: unmet('separation.author', 'x'), fix: { kind: 'share', label: 'x' } })).toBe('Do it.');
});
