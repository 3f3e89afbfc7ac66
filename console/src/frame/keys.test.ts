// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { isField, step, written } from './keys';

const bare = { ctrlKey: false, metaKey: false, altKey: false };

describe('step', () => {
  const known = ['g p', 'g r', '?', 'mod+k', 'p'];
  it('waits for the second key of a longer shortcut', () => {
    expect(step('', 'g', known)).toEqual({ run: null, pending: 'g' });
    expect(step('g', 'p', known)).toEqual({ run: 'g p', pending: '' });
  });
  it('starts anew where the second key leads nowhere', () => {
    expect(step('g', '?', known)).toEqual({ run: '?', pending: '' });
    expect(step('g', 'x', known)).toEqual({ run: null, pending: '' });
  });
  it('tells one key from the same key after another', () => {
    expect(step('', 'p', known).run).toBe('p');
  });
});

describe('written', () => {
  it('takes Ctrl and Cmd as one', () => {
    expect(written({ ...bare, key: 'K', ctrlKey: true })).toBe('mod+k');
    expect(written({ ...bare, key: 'k', metaKey: true })).toBe('mod+k');
  });
  it('leaves modifiers alone, and what Alt does', () => {
    expect(written({ ...bare, key: 'Shift' })).toBeNull();
    expect(written({ ...bare, key: 'p', altKey: true })).toBeNull();
  });
});

describe('isField', () => {
  it('knows text from buttons and ticks', () => {
    const box = document.createElement('input');
    expect(isField(box)).toBe(true);
    box.type = 'checkbox';
    expect(isField(box)).toBe(false);
    expect(isField(document.createElement('textarea'))).toBe(true);
    expect(isField(document.createElement('button'))).toBe(false);
  });
});
