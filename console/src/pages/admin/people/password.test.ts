import { describe, expect, it } from 'vitest';
import { madePassword } from './password';

describe('madePassword', () => {
  it('has four groups without letters that are mistaken for each other', () => {
    const made = madePassword();
    expect(made).toMatch(/^[a-zA-Z2-9]{5}(-[a-zA-Z2-9]{5}){3}$/);
    expect(made).not.toMatch(/[lIO01o]/);
  });
  it('is another each time', () => {
    expect(madePassword()).not.toBe(madePassword());
  });
  it('leaves out numbers that would make some letters more likely', () => {
    let at = 0;
    const made = madePassword((into) => into.fill(at++ === 0 ? 2 ** 32 - 1 : 0));
    expect(made).toBe('aaaaa-aaaaa-aaaaa-aaaaa');
    expect(at).toBe(2);
  });
});
