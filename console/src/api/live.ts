/** Live updates: the project's event stream makes stale what an event concerns, so that open pages refresh. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { projectKey } from './queries';

/** What happened in a project, as coarse as any reader may know it. */
export interface ProjectEvent {
  readonly kind: 'version' | 'release' | 'review' | 'run' | 'working_copy' | 'environment' | 'record' | 'project';
  readonly address?: string;
  readonly environment?: string;
  readonly number?: number;
  readonly at: string;
  readonly actor: string;
}

/** Which keys of the cache an event makes stale: `projectKey(project, KEY, …)`. */
export const STALE_BY: Record<ProjectEvent['kind'], readonly string[]> = {
  version: ['prompts', 'overview', 'tree', 'activity', 'matrix', 'versions', 'reviews', 'compare'],
  release: ['releases', 'environments', 'overview', 'tree', 'prompts', 'activity', 'compare', 'reviews', 'followers'],
  review: ['reviews', 'overview', 'activity', 'versions', 'dry-run'], // an open sheet learns that its condition is met
  run: ['runs', 'matrix', 'activity', 'reviews', 'dry-run'],
  working_copy: ['working-copies'],
  environment: ['environments', 'overview', 'releases', 'dry-run'],
  record: ['records', 'inventory', 'coverage', 'reviews', 'dry-run'],
  project: ['overview', 'tree', 'prompts', 'environments'],
};

let live = false;
const watching = new Set<() => void>();

function tellLive(now: boolean): void {
  live = now;
  for (const tell of watching) tell();
}

/** Whether the event stream of the page's project is open. */
export function useLiveState(): boolean {
  return useSyncExternalStore((tell) => {
    watching.add(tell);
    return () => watching.delete(tell);
  }, () => live);
}

/** Follow a project's events while the component is shown. `onEvent` is told of each besides. */
export function useLiveProject(project: string | undefined, onEvent?: (event: ProjectEvent) => void): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (project === undefined) return undefined;
    const source = new EventSource(`/api/v1/projects/${encodeURIComponent(project)}/events`);
    const heard = (message: MessageEvent<string>): void => {
      const event = JSON.parse(message.data) as ProjectEvent;
      for (const key of STALE_BY[event.kind] ?? []) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
      void queries.invalidateQueries({ queryKey: ['me', 'work'] });
      onEvent?.(event);
    };
    source.addEventListener('change', heard);
    // Too much was missed to tell each: everything shown is asked for anew.
    source.addEventListener('reset', () => void queries.invalidateQueries({ queryKey: projectKey(project) }));
    source.onopen = () => tellLive(true);
    source.onerror = () => tellLive(false);
    return () => {
      source.close();
      tellLive(false);
    };
  }, [project, queries, onEvent]);
}
