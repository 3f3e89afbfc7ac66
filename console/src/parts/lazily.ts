/** Code that is fetched when it is needed, from a server that may be away just then: waited for, so that nothing typed is lost. */
import { lazyRouteComponent } from '@tanstack/react-router';
import { tellReach, whenReached } from '@/api/reach';

const answers = (): Promise<boolean> => fetch('/readyz', { cache: 'no-store' }).then(() => true, () => false);

/** `again(() => import('./Page'))`: tried until the server is back. Rejects where the server is there and has no such file. */
export async function again<T>(load: () => Promise<T>): Promise<T> {
  for (let last = false; ; ) {
    try {
      return await load();
    } catch (fault) {
      if (last) throw fault;
      last = await answers();
      if (!last) {
        tellReach(false);
        await whenReached();
      }
    }
  }
}

/** A page of a route by the name it is exported under. Until its code is there the page before stays. */
export function lazyPage<T extends Record<string, unknown>, Name extends keyof T>(load: () => Promise<T>, name: Name) {
  return lazyRouteComponent(() => again(load), name);
}
