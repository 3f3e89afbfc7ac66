import { describe, expect, it } from 'vitest';
import { comes, counts, kindOf, pasted, pieces, taken } from './intake';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('taken', () => {
  it('sends text as it is, byte order mark and all', () => {
    expect(taken('a.prompt.yml', bytes('# mine\nmessages: []\n'))).toEqual({ name: 'a.prompt.yml', content: '# mine\nmessages: []\n', encoding: 'text', size: 20 });
  });
  it('sends archives and bytes of another encoding whole, and leaves what is no text', () => {
    expect(taken('A.ZIP', Uint8Array.from([80, 75, 0]))).toMatchObject({ encoding: 'base64', content: 'UEsA' });
    expect(taken('a.csv', Uint8Array.from([0x6e, 0xfc]))).toMatchObject({ encoding: 'base64', content: 'bvw=' });
    expect(taken('a.png', Uint8Array.from([1, 0, 2]))).toMatchObject({ content: '', unfit: 'binary' });
  });
});

describe('kindOf', () => {
  it.each([
    ['Write politely: a letter, to all', 'text'],
    ['name: x\nmessages:\n  - role: user\n    content: hi', 'prompt'],
    ['---\nname: x\ninputs:\n  who: {type: string}\n---\nuser:\nhi', 'prompty'],
    ['---\nmodel: googleai/gemini-pro\ninput:\n  schema:\n    a: string\n---\nhi {{a}}', 'dotprompt'],
    ['act,prompt\nTeller,Count', 'csv'],
    ['name;text\na;b', 'csv'],
    ['[{"name": "a", "prompt": "b"}]', 'langfuse'],
    ['{"name": "a", "template": "b"}', 'mlflow'],
    ['prompts:\n  - hi\n', 'promptfoo'],
    ['{"a": 1}', 'text'],
  ])('%j is %s', (text, kind) => expect(kindOf(text)).toBe(kind));
});

it('names what is pasted by what it is', () => {
  expect(pasted(' /claims/triage/ ', 'x', 'prompt').name).toBe('claims/triage.prompt.yml');
  expect(pasted('', 'a,b', 'csv').name).toBe('pasted.csv');
});

it('counts what comes', () => {
  const items = [{ result: 'created' }, { result: 'refused' }, { result: 'created' }];
  expect(counts(items)).toEqual({ created: 2, refused: 1 });
  expect(items.filter(comes)).toHaveLength(2);
});

it('cuts by number and by size and loses none', () => {
  const all = Array.from({ length: 11 }, (_, at) => ({ content: 'x'.repeat(20), at }));
  expect(pieces(all, 4).map((piece) => piece.length)).toEqual([4, 4, 3]);
  expect(pieces(all, 100, 65).map((piece) => piece.length)).toEqual([3, 3, 3, 2]);
  expect(pieces(all, 100, 65).flat()).toEqual(all);
});
