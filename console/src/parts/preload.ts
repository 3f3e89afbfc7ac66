/** A page's code fetched before somebody goes there: its link is pointed at, or most people go there next. */
import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';

/** `preload(links.prompt(…))` fetches the code of that page, once; no data. */
export function usePreload(): (href: string) => void {
  const router = useRouter();
  return useCallback((href) => {
    const [matched] = router.getMatchedRoutes(href.split(/[?#]/)[0] ?? href);
    for (const { options } of matched) {
      const page = options.component as { preload?: () => Promise<unknown> } | undefined;
      // Without a server the page itself will say so.
      page?.preload?.().catch(() => undefined);
    }
  }, [router]);
}

/** The code of a page that is likely next, once this one stands and the browser has nothing else to do. */
export function usePreloadOf(href: string): void {
  const preload = usePreload();
  useEffect(() => {
    const timer = setTimeout(() => preload(href), 700);
    return () => clearTimeout(timer);
  }, [preload, href]);
}
