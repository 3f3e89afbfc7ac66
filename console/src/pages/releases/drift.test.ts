import { describe, expect, it } from 'vitest';
import { drifts } from './drift';

describe('the drift of what is live', () => {
  const differing = [{ path: 'b', to: { version: 4 } }, { path: 'd', to: null }];
  it('is told for what differs and what does not', () => {
    const of = drifts(differing, false);
    expect([of('a', 1), of('b', 3), of('b', 4), of('d', 1), of('z', 1)]).toEqual([{ kind: 'same' }, { kind: 'newer', version: 4 }, { kind: 'same' }, { kind: 'gone' }, { kind: 'same' }]);
  });
  it('is not guessed beyond what is loaded', () => {
    const of = drifts(differing, true);
    expect([of('c', 1).kind, of('e', 1).kind]).toEqual(['same', 'unknown']);
    expect(drifts([], true)('a', 1).kind).toBe('unknown');
  });
});
