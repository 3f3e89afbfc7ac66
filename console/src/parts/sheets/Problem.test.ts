// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { ProblemError } from '@/api/problem';
import { headOf } from './Problem';

const refusal = (slug: string) => new ProblemError({ type: `urn:promptops:problem:${slug}`, title: 't', status: 409, detail: 'd', current: { release: 43, etag: 'r43' } });

describe('a refusal of a release', () => {
  it('tells the newest release where somebody released in between', () => {
    expect(headOf(refusal('head-moved'))).toBe(43);
  });
  it('tells none where it was refused for another reason', () => {
    expect(headOf(refusal('nothing-to-publish'))).toBeNull();
    expect(headOf(new Error('x'))).toBeNull();
  });
});
