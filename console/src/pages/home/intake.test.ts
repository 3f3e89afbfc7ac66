import { describe, expect, it } from 'vitest';
import { isPromptFile, pathOf, pieces, promptOf, takeIn } from './intake';

const file = (name: string, text = 'messages: []') => ({ name, text, size: text.length });

describe('takeIn', () => {
  it('names prompts by their files, below the module', () => {
    const { taken } = takeIn([file('claims/triage.prompt.yml'), file('letter.md', 'Write a letter')], '/imported/');
    expect(taken.map(({ path }) => path)).toEqual(['imported/claims/triage', 'imported/letter']);
  });
  it('leaves behind what it cannot carry, each by its name', () => {
    const { taken, left } = takeIn([file('a.prompt.yml'), file('a.prompt.yaml'), file('b.png'), { ...file('c.txt'), size: 2_000_000 }, file('d.txt', 'a\u0000b')], '');
    expect(taken.map(({ path }) => path)).toEqual(['a']);
    expect(left).toEqual([{ from: 'a.prompt.yaml', reason: 'twice' }, { from: 'b.png', reason: 'kind' }, { from: 'c.txt', reason: 'size' }, { from: 'd.txt', reason: 'binary' }]);
  });
});

it('keeps prompt files byte for byte and quotes text whole', () => {
  expect(promptOf('a.prompt.yml', '# mine\nmessages: []\n')).toBe('# mine\nmessages: []\n');
  const text = 'Say: "no"\n  - role: system\n{{ x }} \\ end';
  expect(JSON.parse(promptOf('a.txt', text).split('content: ')[1] ?? '')).toBe(text);
});

it('tells a prompt file from text', () => {
  expect(isPromptFile('name: x\nmessages:\n  - role: user')).toBe(true);
  expect(isPromptFile('Write messages: politely')).toBe(false);
});

it('cuts by number and by size and loses none', () => {
  const { taken } = takeIn(Array.from({ length: 11 }, (_, at) => file(`p${at}.txt`, 'x'.repeat(20))), '');
  expect(pieces(taken, 4).map((piece) => piece.length)).toEqual([4, 4, 3]);
  expect(pieces(taken, 100, 150).flat()).toHaveLength(11);
  expect(pathOf('p.txt', '')).toBe('p');
});
