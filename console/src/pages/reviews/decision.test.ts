import { expect, it } from 'vitest';
import type { CanOut } from '@/api/schema';
import { roleOf, stepOf } from './decision';

const can = (allowed: boolean): CanOut => ({ action: '', allowed, environment: null, path: null, policy_version: '', project: null, reason: '', remedy: '', rule: '' });
const missing = [{ step: 'approve', count: 1, from_risk: false }, { step: 'review', count: 1, from_risk: false }];

it('offers the first missing step that the person may take', () => {
  expect(stepOf(missing, { review: can(true), validate: can(false), approve: can(true) })?.step).toBe('review');
  expect(stepOf(missing, { review: can(false), validate: can(true), approve: can(true) })?.step).toBe('approve');
});

it('says of the first missing step why the person may not take it', () => {
  const offered = stepOf(missing, { review: can(false), validate: can(false), approve: can(false) });
  expect([offered?.step, offered?.can?.allowed]).toEqual(['review', false]);
  expect(stepOf([], { review: undefined, validate: undefined, approve: undefined })).toBeNull();
});

it('names the control function where the person holds it', () => {
  expect(roleOf('approve', 'bank', ['*:risk'])).toBe('risk');
  expect(roleOf('approve', 'bank', ['other:risk'])).toBe('approve');
});
