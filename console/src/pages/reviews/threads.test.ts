import { expect, it } from 'vitest';
import type { CommentOut, RequestOut } from '@/api/schema';
import { baseOf, conversation, threadsOf } from './threads';

const comment = (id: string, thread: string, at: string, more: Partial<CommentOut> = {}): CommentOut => ({ id, thread, at, line: null, body: 'x', suggestion: null, by: 'ada', resolved_at: null, ...more });

it('puts replies with the comment that began the thread', () => {
  const threads = threadsOf([comment('a', 'a', '1', { line: 3 }), comment('b', 'b', '2'), comment('c', 'a', '3', { line: 3 })]);
  expect(threads.map(({ id, line, comments }) => [id, line, comments.map((one) => one.id)])).toEqual([['a', 3, ['a', 'c']], ['b', null, ['b']]]);
});

it('tells decisions and words about the whole request in the order they came', () => {
  const decision = { decision: 'review', at: '2' } as RequestOut['decisions'][number];
  const said = conversation(threadsOf([comment('late', 'late', '3'), comment('a', 'a', '1'), comment('line', 'line', '0', { line: 1 })]), [decision]);
  expect(said.map((one) => (one.kind === 'thread' ? one.thread.id : one.decision.decision))).toEqual(['a', 'review', 'late']);
});

it('compares with what is live in production, else with the version before, else with nothing', () => {
  expect(baseOf(4, [{ environment: 'staging', version: 3 }, { environment: 'production', version: 2 }])).toBe('2');
  expect(baseOf(4, [{ environment: 'production', version: 4 }])).toBe('3');
  expect(baseOf(1, [])).toBe('nothing');
});
