import { expect, it } from 'vitest';
import { settled } from './merge';

const conflict = (start_line: number, end_line: number) => ({ start_line, end_line, base: 'b\n', yours: 'mine\n', theirs: 'theirs\n' });
const text = 'one\n<<<<<<< yours\nmine\n||||||| v1\nb\n=======\ntheirs\n>>>>>>> v2\ntwo\n';

it.each([
  [{ take: 'yours' }, 'one\nmine\ntwo\n'],
  [{ take: 'theirs' }, 'one\ntheirs\ntwo\n'],
  [{ take: 'both' }, 'one\nmine\ntheirs\ntwo\n'],
  [{ take: 'text', text: 'other' }, 'one\nother\ntwo\n'],
] as const)('a place becomes what was chosen: %o', (choice, expected) => expect(settled(text, [conflict(2, 8)], [choice])).toBe(expected));

it('settles several places at their own lines', () => {
  const twice = text + text;
  expect(settled(twice, [conflict(2, 8), conflict(11, 17)], [{ take: 'yours' }, { take: 'theirs' }])).toBe('one\nmine\ntwo\none\ntheirs\ntwo\n');
});
