import { describe, expect, it } from 'vitest';
import { declaredIn, valuesOf, withMore } from './inputs';

const FILE = { inputs: { claim: { type: 'string', trust: 'untrusted' }, count: { type: 'integer', default: 3 }, note: null } };

it('reads the declared variables', () => {
  const [claim, count, note] = declaredIn(FILE);
  expect(claim).toMatchObject({ name: 'claim', required: true, untrusted: true });
  expect(count).toMatchObject({ type: 'integer', required: false, fallback: 3 });
  expect(note).toMatchObject({ type: 'string', required: true });
  expect(declaredIn('no file')).toEqual([]);
});

describe('valuesOf', () => {
  it('sends text as text and the rest as JSON, and leaves out what is empty', () => {
    expect(valuesOf(declaredIn(FILE), { claim: '12', count: '12' })).toEqual({ values: { claim: '12', count: 12 }, wrong: new Set() });
    expect(valuesOf(declaredIn(FILE), { claim: 'x', count: '' }).values).toEqual({ claim: 'x' });
  });
  it('names what is no JSON', () => {
    expect([...valuesOf(declaredIn(FILE), { count: '{' }).wrong]).toEqual(['count']);
  });
});

it('adds what the server asked for', () => {
  expect(withMore(declaredIn(FILE), ['claim', 'extra']).map(({ name }) => name)).toEqual(['claim', 'count', 'note', 'extra']);
});
