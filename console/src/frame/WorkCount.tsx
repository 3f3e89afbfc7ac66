/** How many things wait for the person. */
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { strings } from '@/strings';
import classes from './frame.module.css';

const MOST = 20;

export function WorkCount() {
  const waiting = useQuery({
    queryKey: ['me', 'work', 'count'],
    staleTime: 30_000,
    refetchInterval: 60_000,
    queryFn: () => data(api.GET('/api/v1/me/work', { params: { query: { limit: MOST } } })),
  }).data;
  const count = waiting?.items.length ?? 0;
  if (count === 0) return null;
  return <span className={classes.badge} title={strings.frame.workCount(count)}>{waiting?.next ? `${MOST}+` : count}</span>;
}
