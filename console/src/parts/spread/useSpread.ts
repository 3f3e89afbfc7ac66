/** How far a release has come: asked once, then told by the server while it spreads. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { projectKey } from '@/api/queries';
import { spreadQuery, type Spread } from '@/api/releases';

/** `watch` follows it live; without it, it is asked for once and when a release is made. */
export function useSpread(project: string, environment: string, number: number, watch: boolean) {
  const queries = useQueryClient();
  const query = spreadQuery(project, environment, number);
  const found = useQuery(query);
  useEffect(() => {
    if (!watch) return undefined;
    const part = encodeURIComponent;
    const source = new EventSource(`/api/v1/projects/${part(project)}/environments/${part(environment)}/releases/${number}/spread`);
    const { queryKey } = spreadQuery(project, environment, number);
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener('spread', (message: MessageEvent<string>) => {
      const told = JSON.parse(message.data) as Spread;
      // An answer that is still on its way is older than this, and must not be written over it.
      void queries.cancelQueries({ queryKey, exact: true }).then(() => queries.setQueryData(queryKey, told));
      // Which of them have it is in the list; that is asked for at most three times a second.
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: projectKey(project, 'followers', environment, 'first') });
      }, 330);
    });
    source.addEventListener('end', () => source.close());
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [project, environment, number, watch, queries]);
  return found;
}
