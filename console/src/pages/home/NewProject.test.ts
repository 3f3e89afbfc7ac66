// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { suggestedName } from './NewProject';

it('suggests a name that can stand in an address', () => {
  expect(suggestedName('Retail bank')).toBe('retail-bank');
  expect(suggestedName('  Crédit & Wéb – 2 ')).toBe('credit-web-2');
  expect(suggestedName('银行')).toBe('');
});
