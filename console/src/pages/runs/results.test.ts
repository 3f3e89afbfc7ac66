import { describe, expect, it } from 'vitest';
import type { ResultOut } from '@/api/schema';
import { compare, failedChecks, rowsOf, worst } from './results';

const result = (given: Partial<ResultOut>): ResultOut => ({ suite: 's', case: 'a', target: 't', repeat: 0, state: 'done', passed: true, scores: [], ...given }) as ResultOut;

describe('worst', () => {
  it('passes only when every repeat does', () => {
    expect(worst([result({}), result({})])).toBe('passed');
    expect(worst([result({}), result({ passed: false })])).toBe('failed');
    expect(worst([result({}), result({ state: 'error', passed: null })])).toBe('error');
    expect(worst([result({ passed: null })])).toBe('unchecked');
  });
  it('waits as long as one call does', () => {
    expect(worst([result({ passed: false }), result({ state: 'waiting', passed: null })])).toBe('waiting');
  });
});

it('makes one row a case with the calls of each target', () => {
  const rows = rowsOf([result({ target: 'x' }), result({ target: 'x', repeat: 1 }), result({ case: 'b', target: 'x' }), result({ target: 'y' })]);
  expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(rows[0]?.cells.get('x')).toHaveLength(2);
  expect(rows[1]?.cells.has('y')).toBe(false);
});

it('names required checks that do not pass', () => {
  const score = (check: string, passed: boolean | null, required = true) => ({ check, kind: 'string', passed, value: null, detail: '', required });
  expect(failedChecks([result({ scores: [score('one', false), score('two', true), score('three', false, false), score('four', null)] })])).toEqual(['one', 'four']);
});

describe('compare', () => {
  it('says what became better or worse', () => {
    const changes = compare(
      [result({ case: 'a' }), result({ case: 'b', passed: false }), result({ case: 'c' }), result({ case: 'gone' })],
      [result({ case: 'a', passed: false }), result({ case: 'b' }), result({ case: 'c' }), result({ case: 'new' })],
    );
    expect(Object.fromEntries(changes.map(({ name, change }) => [name, change]))).toEqual({ a: 'worse', b: 'better', c: 'same', gone: 'removed', new: 'added' });
  });

  it('says nothing of what is not answered yet', () => {
    expect(compare([result({ case: 'a' })], [result({ case: 'a', state: 'waiting', passed: null })])).toEqual([]);
  });
});

it('calls a case without a name by its place in its suite', () => {
  const rows = rowsOf([result({ case: 'inputs:7f4344706938bd67' }), result({ case: 'hail' }), result({ case: 'inputs:e4d9fcf6de9f089d' }), result({ suite: 'other', case: 'inputs:7f4344706938bd67' })]);
  expect(rows.map(({ label }) => label)).toEqual(['Case 1', 'hail', 'Case 3', 'Case 1']);
});
