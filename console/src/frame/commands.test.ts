import { IconHome } from '@tabler/icons-react';
import { describe, expect, it } from 'vitest';
import { grouped, matching, type Command } from './commands';

const command = (label: string, group = 'Places'): Command => ({ id: label, group, label, icon: IconHome, run: () => {} });

describe('matching', () => {
  const all = [command('My releases'), command('Releases'), command('Matrix')];
  it('wants every word and puts beginnings first', () => {
    expect(matching(all, 'rel').map(({ label }) => label)).toEqual(['Releases', 'My releases']);
    expect(matching(all, 'rel my').map(({ label }) => label)).toEqual(['My releases']);
  });
  it('keeps all where nothing was typed', () => {
    expect(matching(all, '  ')).toHaveLength(3);
  });
});

describe('grouped', () => {
  it('keeps the place of each in the whole list', () => {
    const [first, second] = grouped([command('a', 'x'), command('b', 'y'), command('c', 'y')]);
    expect(first?.[1].map(({ at }) => at)).toEqual([0]);
    expect(second?.[1].map(({ at }) => at)).toEqual([1, 2]);
  });
});
