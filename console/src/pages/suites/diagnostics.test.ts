import { expect, it } from 'vitest';
import { diagnosticsOf } from './diagnostics';

const problem = (line: number, column: number, severity = 'error') => ({ severity, code: 'x', message: 'wrong', key: '', line, column, fix: '' });

it('underlines from the column to the end of the line', () => {
  const text = 'cases: 3\nname: x  \n';
  const [first, second, outside] = diagnosticsOf(text, [problem(1, 8), problem(2, 1, 'warning'), problem(99, 99)]);
  expect(text.slice(first?.from, first?.to)).toBe('3');
  expect(text.slice(second?.from, second?.to)).toBe('name: x');
  expect(second?.severity).toBe('warning');
  expect(outside?.to).toBeLessThanOrEqual(text.length);
});
