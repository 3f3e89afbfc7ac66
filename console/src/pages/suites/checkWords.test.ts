import { expect, it } from 'vitest';
import { checkWords } from './checkWords';

it.each([
  ['string', { contains: '{{expected}}' }, 'the answer contains “{{expected}}”'],
  ['string', { startsWith: 'A', endsWith: 'B' }, 'the answer begins with “A” and the answer ends with “B”'],
  ['regex', { pattern: 'we will pay', absent: true, ignoreCase: true }, 'nothing matches we will pay, whatever the case'],
  ['length', { maximum: 60, unit: 'words' }, 'at most 60 words'],
  ['language', { is: ['en', 'zh'] }, 'the answer is in en or zh'],
  ['cost', { maximum: 0.002 }, 'costs at most $0.002'],
  ['houseStyle', { tone: 'calm' }, 'houseStyle {"tone":"calm"}'],
  ['string', {}, 'string {}'],
])('%s %o', (kind, settings, said) => {
  expect(checkWords(kind, settings)).toBe(said);
});
