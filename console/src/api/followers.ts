/** Running applications of an environment: how many follow it and how far they are. Null where the server does not tell. */
import { request } from './client';
import { isProblem } from './problem';

export interface FollowerSummary {
  readonly total: number;
  readonly current: number;
  readonly behind: number;
  readonly silent: number;
  readonly release: number;
}

export async function followerSummary(project: string, environment: string): Promise<FollowerSummary | null> {
  try {
    const answer = await request(`/api/v1/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}/followers?limit=1`);
    return ((await answer.json()) as { summary: FollowerSummary }).summary;
  } catch (fault) {
    if (isProblem(fault, 404) || isProblem(fault, 403)) return null;
    throw fault;
  }
}
