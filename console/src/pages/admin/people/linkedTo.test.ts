import { expect, it } from 'vitest';
import { linkedTo } from './linkedTo';

it('names the other accounts of one person and never the account itself', () => {
  const all = [{ name: 'anna', person: '1' }, { name: 'anna.admin', person: '1' }, { name: 'bert', person: '2' }];
  expect(linkedTo({ name: 'anna', person: '1' }, all)).toEqual(['anna.admin']);
  expect(linkedTo({ name: 'bert', person: '2' }, all)).toEqual([]);
});
