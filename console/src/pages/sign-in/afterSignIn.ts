/** Where somebody goes after signing in: where they wanted to, if that is a page of ours. */
import { links } from '@/links';

export function afterSignIn(wanted: string | undefined): string {
  const ours = wanted !== undefined && /^\/(?![/\\])/.test(wanted) && !wanted.startsWith('/sign-in');
  return ours ? wanted : links.home();
}
