import { expect, it } from 'vitest';
import type { ReleaseOut, RequestOut, VersionInHistory } from '@/api/schema';
import { choose, timelineOf } from './timeline';

const version = (number: number, at: string): VersionInHistory => ({ version: number, created_at: at, path: 'a' }) as VersionInHistory;
const release = (number: number, at: string, path = 'a'): ReleaseOut => ({ number, environment: 'production', acknowledged_at: at, prompts: [{ path, state: 'live', version: 1, previous: null }] }) as unknown as ReleaseOut;
const request = { request: 7, path: 'a', opened_at: '3', decisions: [{ decision: 'approve', at: '5' }] } as unknown as RequestOut;

it('tells versions, releases of this prompt and reviews, newest first', () => {
  const events = timelineOf('a', [version(2, '4'), version(1, '1')], true, [release(1, '6'), release(2, '7', 'other')], [request], 'all');
  expect(events.map(({ id }) => id)).toEqual(['production r1', '#7 0', 'v2 a', '#7', 'v1 a']);
});

it('tells nothing older than the versions fetched so far', () => {
  expect(timelineOf('a', [version(2, '4')], false, [release(1, '2')], [request], 'all').map(({ id }) => id)).toEqual(['#7 0', 'v2 a']);
});

it('keeps the last two choices', () => {
  expect(choose([1, 2], 3)).toEqual([2, 3]);
  expect(choose([1, 2], 1)).toEqual([2]);
});
