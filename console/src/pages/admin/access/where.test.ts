import { describe, expect, it } from 'vitest';
import { grantMatches, whereOf } from './where';

const grant = { user: 'anna.schmidt', display_name: 'Anna Schmidt', role: 'publisher', project: 'retail-bank', module: 'claims', environment: 'production' };

describe('whereOf', () => {
  it('says project, module and environment', () => expect(whereOf(grant, 'every project')).toBe('retail-bank/claims · production'));
  it('says that a star is every project', () => expect(whereOf({ project: '*', module: '', environment: '' }, 'every project')).toBe('every project'));
});

describe('grantMatches', () => {
  it('wants every word', () => {
    expect(grantMatches(grant, 'anna PUBLISH')).toBe(true);
    expect(grantMatches(grant, 'anna viewer')).toBe(false);
    expect(grantMatches(grant, '')).toBe(true);
  });
});
