import { expect, it } from 'vitest';
import { FIRST, questionsOf } from './questions';

it('asks only about somebody, and about no environment when none is named', () => {
  expect(questionsOf([FIRST, { ...FIRST, who: ' anna ', address: 'bank' }])).toEqual([{ who: 'anna', action: 'publish', address: 'bank', environment: null }]);
});
