import { describe, expect, it } from 'vitest';
import { sentence } from './activity';

const touched = (count: number) => Array.from({ length: count }, (_, at) => ({ path: `p${at}`, version: 1 }));

describe('sentence', () => {
  it('names a few prompts and counts the others', () => {
    const said = sentence({ kind: 'publish', summary: 'published 40 prompts', prompts: touched(20), prompts_total: 40 });
    expect([said.verb, said.prompts.length, said.more, said.preposition]).toEqual(['published', 3, 37, 'to']);
  });
  it('tells a first version from a change', () => {
    expect(sentence({ kind: 'edit', summary: 'created a @1', prompts: touched(1), prompts_total: 1 }).verb).toBe('created');
    expect(sentence({ kind: 'edit', summary: 'edited a @2', prompts: touched(1), prompts_total: 1 }).verb).toBe('changed');
  });
  it('falls back to what the server says of kinds it does not know', () => {
    const said = sentence({ kind: 'moon.landing', summary: 'landed', prompts: touched(1), prompts_total: null });
    expect([said.verb, said.prompts.length, said.more]).toEqual(['landed', 0, 0]);
  });
});
