import { expect, it } from 'vitest';
import { statesOf, STEPS } from './steps';

const nothing = { project: false, prompts: 0, released: false, token: false, running: 0 };
const line = (standing: typeof nothing) => STEPS.map((step) => statesOf(standing)[step]).join(' ');

it('starts with the project', () => {
  expect(line(nothing)).toBe('now later later later later');
});
it('goes on where the server is', () => {
  expect(line({ ...nothing, project: true, prompts: 2 })).toBe('done done now later later');
  expect(line({ project: true, prompts: 2, released: true, token: true, running: 0 })).toBe('done done done done now');
});
it('asks for no token where an application is there already', () => {
  expect(line({ project: true, prompts: 2, released: true, token: false, running: 3 })).toBe('done done done done done');
});
