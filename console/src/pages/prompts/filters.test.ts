import { expect, it } from 'vitest';
import { isFiltered, queryOf, valuesOf } from './filters';

it('gives the API what the address holds', () => {
  expect(queryOf({ q: 'triage', tag: 'a,b', valid: 'false', sheet: 'publish', owner: '' })).toEqual({ q: 'triage', tag: ['a', 'b'], valid: false });
});
it('comes back from a saved view to the same address', () => {
  const values = { q: 'x', tag: 'a,b', valid: 'false', state: 'behind' };
  const back = valuesOf(queryOf(values) as unknown as Record<string, unknown>);
  expect(Object.fromEntries(Object.entries(back).filter(([, value]) => value !== undefined))).toEqual(values);
});
it('keeps the tree where only a module is named', () => {
  expect(isFiltered({ module: 'claims' })).toBe(false);
  expect(isFiltered({ module: 'claims', tag: 'a' })).toBe(true);
});
