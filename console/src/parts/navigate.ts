/** Going somewhere from code, and reading and writing what the address holds. */
import { useRouter, useRouterState } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

/** `go(links.prompt(…))`; `replace` leaves no entry in the history. */
export function useGo(): (href: string, how?: { replace?: boolean }) => void {
  const router = useRouter();
  return useCallback((href, how) => (how?.replace ? router.history.replace(href) : router.history.push(href)), [router]);
}

/** The query of the address as text values, and `set` to change some of them (undefined takes one away). Filters and selections live here. */
export function useAddressQuery(): [Readonly<Record<string, string>>, (change: Record<string, string | undefined>, how?: { replace?: boolean }) => void] {
  const router = useRouter();
  const search = useRouterState({ select: (state) => state.location.searchStr });
  const values = useMemo(() => Object.fromEntries(new URLSearchParams(search)), [search]);
  const set = useCallback(
    (change: Record<string, string | undefined>, how?: { replace?: boolean }) => {
      const { pathname, searchStr } = router.state.location;
      const query = new URLSearchParams(searchStr);
      for (const [name, value] of Object.entries(change)) {
        if (value === undefined || value === '') query.delete(name);
        else query.set(name, value);
      }
      const text = query.toString();
      const href = text === '' ? pathname : `${pathname}?${text}`;
      if (how?.replace ?? true) router.history.replace(href);
      else router.history.push(href);
    },
    [router],
  );
  return [values, set];
}

/** The address of the page without its query. */
export function usePathname(): string {
  return useRouterState({ select: (state) => state.location.pathname });
}

/** The address with its query, as shown in the browser. */
export function useHref(): string {
  return useRouterState({ select: (state) => state.location.pathname + state.location.searchStr });
}
