import { describe, expect, it } from 'vitest';
import { ProblemError, type ProblemDocument } from '@/api/problem';
import { fieldFaults, plainly } from './fieldFaults';

const refused = (more: Partial<ProblemDocument>) => new ProblemError({ type: 'urn:promptops:problem:invalid', title: 'Not valid', status: 422, detail: 'No.', ...more });

describe('a refusal at its field', () => {
  it('stands at the field that the server names', () => {
    const fault = refused({ errors: [{ key: 'body.name', message: 'Field required' }, { key: 'limits.concurrency', message: 'Input should be less than or equal to 500' }] });
    expect(fieldFaults(fault, ['name', 'limits'])).toEqual({ at: { name: 'This is needed.', limits: 'It is at most 500.' }, rest: null });
  });
  it('stands at the field a kind of refusal is about, with what to do', () => {
    const fault = refused({ type: 'urn:promptops:problem:name-taken', detail: 'It exists.', remedy: 'Choose another name.' });
    expect(fieldFaults(fault, ['name'], { 'name-taken': 'name' })).toEqual({ at: { name: 'It exists. Choose another name.' }, rest: null });
  });
  it('leaves out what is said for the command line', () => {
    const fault = refused({ type: 'urn:promptops:problem:not-found', detail: 'There is no user x.', remedy: '`GET /api/v1/users` lists them.' });
    expect(fieldFaults(fault, [], { 'not-found': 'user' }).at.user).toBe('There is no user x.');
  });
  it('is shown whole where a place has no field', () => {
    const fault = refused({ errors: [{ key: 'body.name', message: 'x' }, { key: 'body.other', message: 'y' }] });
    expect(fieldFaults(fault, ['name'], { invalid: 'name' })).toEqual({ at: { name: 'X.' }, rest: fault });
    const lost = new Error('away');
    expect(fieldFaults(lost, ['name']).rest).toBe(lost);
    expect(fieldFaults(null, ['name']).rest).toBeNull();
  });
});

it('checks of types are told as sentences', () => {
  expect(plainly('String should have at least 3 characters')).toBe('Write at least 3 characters.');
  expect(plainly('Value should have at least 3 items after validation, not 1')).toBe('Write at least 3 characters.');
  expect(plainly('Tuple should have at least 1 item after validation, not 0')).toBe('Name at least 1.');
  expect(plainly("Value error, '9' is no time of day: write 09:00")).toBe("'9' is no time of day: write 09:00.");
});
