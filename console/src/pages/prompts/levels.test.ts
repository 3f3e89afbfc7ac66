import { describe, expect, it } from 'vitest';
import { drift, isSmall, joined, parentOf, rowsOf, typedTo, type Level } from './levels';

const folder = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), prompts: 3, more: false });
const leaf = (path: string) => ({ path, version: 1, live: [] }) as unknown as Level['prompts'][number];
const levels = new Map<string, Level>([
  ['', { modules: [folder('claims'), folder('kyc')], prompts: [leaf('hello')], next: null }],
  ['claims', { modules: [], prompts: [leaf('claims/letter'), leaf('claims/triage')], next: 'abc' }],
]);

describe('rowsOf', () => {
  it('shows one level while everything is closed', () => {
    expect(rowsOf('', levels, new Set()).map(({ id }) => id)).toEqual(['claims/', 'kyc/', 'hello']);
  });
  it('puts what an open module holds below it, and says that there is more', () => {
    const rows = rowsOf('', levels, new Set(['claims']));
    expect(rows.map(({ id, depth }) => [id, depth])).toEqual([['claims/', 0], ['claims/letter', 1], ['claims/triage', 1], ['more claims', 1], ['kyc/', 0], ['hello', 0]]);
    expect(parentOf(rows, 2)).toBe(0);
    expect(parentOf(rows, 4)).toBeNull();
  });
  it('waits where a level is not there yet', () => {
    expect(rowsOf('', levels, new Set(['kyc'])).map(({ kind }) => kind)).toEqual(['module', 'module', 'waiting', 'prompt']);
  });
});

describe('typedTo', () => {
  const rows = rowsOf('', levels, new Set(['claims']));
  it('goes to the next line of that beginning, around the end', () => {
    expect(typedTo(rows, 0, 't')).toBe(2);
    expect(typedTo(rows, 5, 'c')).toBe(0);
  });
  it('stays where nothing begins so', () => {
    expect(typedTo(rows, 3, 'zz')).toBe(3);
  });
});

it('joins the pages of a level', () => {
  const [first, second] = [levels.get('claims'), { modules: [], prompts: [leaf('claims/z')], next: null }];
  expect(joined([first as Level, second]).prompts).toHaveLength(3);
  expect(joined([first as Level, second]).next).toBeNull();
});

it('tells how far an environment is behind', () => {
  const prompt = { version: 7, live: [{ environment: 'staging', version: 7 }, { environment: 'production', version: 4 }] };
  expect(drift(prompt, 'staging')).toEqual({ version: 7, behind: 0 });
  expect(drift(prompt, 'production')).toEqual({ version: 4, behind: 3 });
  expect(drift(prompt, 'test')).toBeNull();
});

it('is small only where all of it is known to fit', () => {
  expect(isSmall(levels.get(''))).toBe(true);
  expect(isSmall(undefined)).toBe(false);
  expect(isSmall({ modules: [{ ...folder('claims'), prompts: 400 }], prompts: [], next: null })).toBe(false);
  expect(isSmall({ modules: [{ ...folder('claims'), more: true }], prompts: [], next: null })).toBe(false);
  expect(isSmall({ modules: [], prompts: [leaf('hello')], next: 'abc' })).toBe(false);
});
