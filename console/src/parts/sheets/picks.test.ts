import { describe, expect, it } from 'vitest';
import { readPicks, readTarget, withPick, writePicks } from './picks';

describe('picks in the address', () => {
  it('are read and written alike', () => {
    const picks = readPicks('claims/triage@12,claims/fraud');
    expect(picks).toEqual([{ path: 'claims/triage', version: 12 }, { path: 'claims/fraud' }]);
    expect(writePicks(picks)).toBe('claims/triage@12,claims/fraud');
  });
  it('name each prompt once and leave out what is none', () => {
    expect(readPicks('a@1,a@2, ,@3,b@x')).toEqual([{ path: 'a', version: 2 }]);
    expect(readPicks(undefined)).toEqual([]);
  });
  it('change in place', () => {
    const picks = readPicks('a,b');
    expect(withPick(picks, 'a', { path: 'a', version: 3 })).toEqual([{ path: 'a', version: 3 }, { path: 'b' }]);
    expect(withPick(picks, 'b', null)).toEqual([{ path: 'a' }]);
    expect(withPick(picks, 'c', { path: 'c' })).toHaveLength(3);
  });
});

describe('targets of a rollback', () => {
  it('are versions or releases', () => {
    expect(readTarget('7')).toEqual({ version: 7 });
    expect(readTarget('r41')).toEqual({ release: 41 });
    expect(readTarget('production')).toBeNull();
  });
});
