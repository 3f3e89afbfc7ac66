import { describe, expect, it } from 'vitest';
import type { BulkOut } from '@/api/schema';
import { isReady, operationOf, selectionOf } from './bulk';

const chosen = new Map([['a', 3]]);

describe('selectionOf', () => {
  it('names what was chosen, with the version seen', () => {
    expect(selectionOf(chosen, false, {}, null)).toEqual({ all: false, tag: [], prompts: [{ path: 'a', version: 3 }] });
  });
  it('takes all by the filters, or says that no filter is meant', () => {
    expect(selectionOf(new Map(), true, { module: 'claims', tag: 'x,y' }, null)).toEqual({ all: false, module: 'claims', tag: ['x', 'y'] });
    expect(selectionOf(new Map(), true, { archived: 'true' }, null)).toEqual({ all: true, tag: [] });
  });
  it('does what the preview showed, and nothing that came meanwhile', () => {
    const plan = { items: [{ path: 'b', from_version: 2 }] } as unknown as BulkOut;
    expect(selectionOf(new Map(), true, { q: 'x' }, plan)).toEqual({ all: false, tag: [], prompts: [{ path: 'b', version: 2 }] });
  });
});

it('knows each operation', () => {
  expect(operationOf('move', { names: [], word: ' /claims/ ' })).toEqual({ op: 'move_to', module: 'claims' });
  expect(operationOf('model', { names: [], word: '' })).toEqual({ op: 'set_model', model: null });
  expect(operationOf('restore', { names: [], word: '' })).toEqual({ op: 'restore' });
  expect(isReady('untag', { names: [], word: '' })).toBe(false);
  expect(isReady('owners', { names: [], word: '' })).toBe(true);
});
