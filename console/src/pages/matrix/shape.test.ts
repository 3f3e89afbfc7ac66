import { describe, expect, it } from 'vitest';
import type { ColumnOut, RowOut } from '@/api/schema';
import { familiesOf, linesOf, moved, moduleOf } from './shape';

const row = (path: string) => ({ path, cells: [] }) as unknown as RowOut;
const column = (name: string, family: string | null) => ({ name, family }) as unknown as ColumnOut;

describe('linesOf', () => {
  it('puts a heading before each module', () => {
    const lines = linesOf([row('a/x'), row('a/y'), row('b/c/z'), row('top')], true);
    expect(lines.map((line) => (line.kind === 'module' ? `[${line.module}]` : line.row.path))).toEqual(['[a]', 'a/x', 'a/y', '[b/c]', 'b/c/z', '[]', 'top']);
  });
  it('leaves a search in its order', () => {
    expect(linesOf([row('b/x'), row('a/y')], false)).toHaveLength(2);
  });
});

it('groups columns by family, unknown ones last', () => {
  const spans = familiesOf([column('z', null), column('g1', 'gpt'), column('c', 'claude'), column('g2', 'gpt')]);
  expect(spans.map(({ family, columns }) => [family, columns.map(({ name }) => name)])).toEqual([['claude', ['c']], ['gpt', ['g1', 'g2']], [null, ['z']]]);
  expect(familiesOf([column('z', null), column('g', 'gpt')], '-')).toHaveLength(1);
});

describe('moved', () => {
  const paths = ['a', 'b', 'c'];
  const targets = ['x', 'y'];
  it('moves by one cell and stays inside', () => {
    expect(moved('ArrowDown', { path: 'a', target: 'x' }, paths, targets)).toEqual({ path: 'b', target: 'x' });
    expect(moved('ArrowRight', { path: 'a', target: 'y' }, paths, targets)).toEqual({ path: 'a', target: 'y' });
    expect(moved('End', { path: 'a', target: 'x' }, paths, targets)).toEqual({ path: 'a', target: 'y' });
    expect(moved('PageDown', { path: 'a', target: 'x' }, paths, targets)).toEqual({ path: 'c', target: 'x' });
  });
  it('begins at the first cell and ignores other keys', () => {
    expect(moved('ArrowDown', null, paths, targets)).toEqual({ path: 'a', target: 'x' });
    expect(moved('q', null, paths, targets)).toBeNull();
    expect(moved('j', null, [], targets)).toBeNull();
  });
});

it('knows the module of a path', () => {
  expect(moduleOf('claims/motor/triage')).toBe('claims/motor');
  expect(moduleOf('triage')).toBe('');
});
