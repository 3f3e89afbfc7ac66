/** Parts of a page that may come a moment later: the first picture does not wait for them. */
import { useDeferredValue, type ReactNode } from 'react';

export function Later({ children, before = null }: { readonly children: () => ReactNode; readonly before?: ReactNode }) {
  const now = useDeferredValue(true, false);
  return <>{now ? children() : before}</>;
}
