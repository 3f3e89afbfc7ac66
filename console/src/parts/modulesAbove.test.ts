import { expect, it } from 'vitest';
import { above } from './modulesAbove';

it('names every module above, once', () => {
  expect(above(['a/b/c', 'a/d', 'e'])).toEqual(['a/', 'a/b/']);
});
