import { describe, expect, it } from 'vitest';
import { stateOf, variables } from './usage';

describe('variables', () => {
  it('names what the client reads and leaves out what there is not', () => {
    const reads = { server: 'https://prompts.bank.example', token: 't', project: 'bank', environment: '' };
    expect(variables(reads)).toBe('PROMPTOPS_URL=https://prompts.bank.example\nPROMPTOPS_TOKEN=t\nPROMPTOPS_PROJECT=bank');
  });
});

describe('stateOf', () => {
  const now = new Date('2026-05-01T00:00:00Z');
  it('is revoked before anything else', () => expect(stateOf({ revoked_at: '2026-01-01T00:00:00Z', expires_at: '2026-01-01T00:00:00Z' }, now)).toBe('revoked'));
  it('expires at its moment', () => expect(stateOf({ revoked_at: null, expires_at: '2026-05-01T00:00:00Z' }, now)).toBe('expired'));
  it('is active without an end', () => expect(stateOf({ revoked_at: null, expires_at: null }, now)).toBe('active'));
});
