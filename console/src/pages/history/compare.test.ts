import { expect, it } from 'vitest';
import { publishable, sidesOf, type Compared } from './compare';

it('asks what publishing the newest to production would change, unless asked otherwise', () => {
  expect(sidesOf(undefined, undefined, ['staging', 'production'])).toEqual({ from: 'main', to: 'production' });
  expect(sidesOf('staging', 'main', ['staging'])).toEqual({ from: 'staging', to: 'main' });
});

it('publishes what differs and checks, never what is gone on the side it comes from', () => {
  const item = (path: string, more: Partial<Compared>): Compared => ({ path, kind: 'version', from: null, to: { state: 'live', valid: true, version: 2 }, behaviour_changed: null, record_changed: null, classes: null, sections: null, ...more });
  const items = [item('a', {}), item('b', { kind: 'same' }), item('c', { kind: 'only_in_from', to: null }), item('d', { to: { state: 'live', valid: false, version: 3 } })];
  expect(publishable(items)).toEqual([{ path: 'a', version: 2, suspended: false }]);
});
