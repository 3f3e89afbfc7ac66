import { expect, it } from 'vitest';
import { begun, ended, heard } from './play';

const event = (name: string, data: unknown) => ({ event: name, data: JSON.stringify(data) });

it('gathers the text of each target and ends with the whole', () => {
  let play = heard(begun(['a', 'b']), [event('start', { target: 'a', model: 'm', notes: [], tokens: { count: 5, exact: true }, most_cost: 10 }), event('delta', { target: 'a', text: 'Hel', reasoning: '' }), event('delta', { target: 'a', text: 'lo', reasoning: '' })]);
  expect(play.answers[0]).toMatchObject({ state: 'writing', text: 'Hello', mostCost: 10 });
  expect(play.answers[1]?.state).toBe('waiting');
  play = heard(play, [event('done', { target: 'a', text: 'Hello!', usage: { input: 5, output: 2 }, cost: null, latency_ms: 12 }), event('error', { target: 'b', fault: 'no_credentials', detail: 'none' }), event('end', { cost: null })]);
  expect(play.answers.map(({ state }) => state)).toEqual(['done', 'error']);
  expect(play.cost).toBeNull();
});

it('marks what was cut off', () => {
  expect(ended(heard(begun(['a']), [event('delta', { target: 'a', text: 'x' })])).answers[0]).toMatchObject({ state: 'stopped', text: 'x' });
});
