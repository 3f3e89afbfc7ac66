/** Where a role holds, in words. */
export interface Place {
  readonly project: string;
  readonly module: string;
  readonly environment: string;
}

/** `retail-bank/claims · production`, `every project`. */
export function whereOf({ project, module, environment }: Place, everyProject: string): string {
  const place = project === '*' ? everyProject : module === '' ? project : `${project}/${module}`;
  return environment === '' ? place : `${place} · ${environment}`;
}

/** Whether a grant has every word of the filter in its account, role or place. */
export function grantMatches(grant: Place & { readonly user: string; readonly display_name: string; readonly role: string }, filter: string): boolean {
  const text = [grant.user, grant.display_name, grant.role, grant.project, grant.module, grant.environment].join(' ').toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
