/** What is asked about environments, releases and the running applications that follow them. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, data } from './client';
import { projectKey } from './queries';
import type { EnvironmentOut, FollowerOut, PreviewOut, PromotionMade, PromotionPreview, ReleaseMade, ReleaseOut, ScheduleAdded, SpreadOut } from './schema';

export type { EmergencyOut, EnvironmentAt, EnvironmentOut, FollowerOut, FollowerPage, ScheduleOut, SpreadHistoryItem, SpreadOut } from './schema';

export type Environment = EnvironmentOut;
export type Release = ReleaseOut;
export type Follower = FollowerOut;
export type Spread = SpreadOut;
export type Preview = PreviewOut | PromotionPreview;
export type Published = ReleaseMade | PromotionMade | ScheduleAdded;

/** All environments of a project, in the order of promotion. */
export function environmentsQuery(project: string) {
  return queryOptions({
    queryKey: projectKey(project, 'environments', 'list'),
    queryFn: async (): Promise<readonly Environment[]> => (await data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } }))).items,
  });
}

export function useEnvironments(project: string): readonly Environment[] | undefined {
  return useQuery(environmentsQuery(project)).data;
}

/** One release with all it changed. */
export function releaseQuery(project: string, environment: string, number: number) {
  return queryOptions({
    queryKey: projectKey(project, 'releases', environment, 'one', number),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases/{number}', { params: { path: { project, environment, number } } })),
    placeholderData: undefined,
  });
}

/** The running applications of an environment: the first `limit` of them and the count of all. */
export function followersQuery(project: string, environment: string, limit = 50) {
  return queryOptions({
    queryKey: projectKey(project, 'followers', environment, 'first', limit),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/followers', { params: { path: { project, environment }, query: { limit } } })),
    refetchInterval: 10_000,
  });
}

/** How far a release has come, as known now. */
export function spreadQuery(project: string, environment: string, number: number) {
  return queryOptions({
    queryKey: projectKey(project, 'followers', environment, 'spread', number),
    queryFn: async (): Promise<Spread> => (await data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases/{number}/spread', { params: { path: { project, environment, number } } }))) as Spread,
    placeholderData: undefined,
  });
}

/** A key that makes a repeated request the same one (random, 128 bits). */
export function onceKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
