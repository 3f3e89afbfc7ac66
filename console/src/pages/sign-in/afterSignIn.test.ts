import { describe, expect, it } from 'vitest';
import { afterSignIn } from './afterSignIn';

describe('where somebody goes after signing in', () => {
  it('is the page they wanted', () => {
    expect(afterSignIn('/p/retail-bank?tab=record')).toBe('/p/retail-bank?tab=record');
  });
  it.each([undefined, '', 'https://elsewhere.test', '//elsewhere.test', '/\\elsewhere.test', '/sign-in?next=/sign-in', 'javascript:alert(1)'])(
    'is the start page for %s',
    (wanted) => {
      expect(afterSignIn(wanted)).toBe('/');
    },
  );
});
