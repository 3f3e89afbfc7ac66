/** People with a role in a project, to choose from. */
import { isProblem } from './problem';
import { request } from './client';

export interface ProjectPerson {
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly string[];
}

/** The people of a project whose names begin so. An installation that does not list them answers with none: names are typed then. */
export async function peopleOf(project: string, q: string): Promise<readonly ProjectPerson[]> {
  try {
    const answer = await request(`${window.location.origin}/api/v1/projects/${encodeURIComponent(project)}/people?${new URLSearchParams({ q, limit: '50' }).toString()}`);
    return ((await answer.json()) as { items: readonly ProjectPerson[] }).items;
  } catch (fault) {
    if (isProblem(fault, 404) || isProblem(fault, 403)) return [];
    throw fault;
  }
}
