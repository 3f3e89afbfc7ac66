/** Lists that come page by page, with `j`/`k` to move and Enter to open. */
import { Button } from '@mantine/core';
import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { strings } from '@/strings';

/** A cursor page as every list of the API answers it. */
export interface CursorPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** All pages fetched so far as one list. `ask` gets the cursor of the page wanted, undefined for the first. */
export function usePages<T>(key: readonly unknown[], ask: (cursor: string | undefined) => Promise<CursorPage<T>>, enabled = true) {
  const query = useInfiniteQuery({
    queryKey: key,
    enabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => ask(pageParam),
    getNextPageParam: (last: CursorPage<T>) => last.next ?? undefined,
    placeholderData: (before: InfiniteData<CursorPage<T>, string | undefined> | undefined) => before,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) };
}

/** The foot of such a list: fetches the next page when it comes into view, or by its button. */
export function MorePages({ query }: { readonly query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const foot = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    const element = foot.current;
    if (!element || !hasNextPage) return undefined;
    const watch = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting) && !isFetchingNextPage) fetchNextPage();
    }, { rootMargin: '300px' });
    watch.observe(element);
    return () => watch.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (!hasNextPage) return null;
  return (
    <div ref={foot} style={{ padding: 12, textAlign: 'center' }}>
      <Button variant="subtle" size="xs" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>{strings.common.more}</Button>
    </div>
  );
}
