// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { eventsIn } from './sse';

it('keeps what is not whole yet, and drops comments', () => {
  const first = eventsIn('', ': here\n\nevent: delta\ndata: {"a":1}\n\nevent: do');
  expect(first.events).toEqual([{ event: 'delta', data: '{"a":1}' }]);
  const second = eventsIn(first.rest, 'ne\ndata: x\ndata: y\n\n');
  expect(second.events).toEqual([{ event: 'done', data: 'x\ny' }]);
  expect(second.rest).toBe('');
});
