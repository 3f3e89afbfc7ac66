/** Work grouped by what is to be done, and where each thing is done. */
import type { WorkOut } from '@/api/schema';
import { links, withSheet } from '@/links';

/** The order of the groups: what stops others first. */
const ORDER: readonly WorkOut['kind'][] = [
  'ratify', 'revoked_live', 'suspend_decision', 'review', 'validate', 'approve', 'publish', 'changes_requested', 'rejected', 'certify', 'lapsed', 'accept_exception', 'approve_redaction',
];

/** Groups that hold something; within one, the earliest due first, then the longest waiting. */
export function groupsOf(items: readonly WorkOut[]): { readonly kind: WorkOut['kind']; readonly items: readonly WorkOut[] }[] {
  const rank = (item: WorkOut): string => `${item.due ?? '9'} ${item.since}`;
  return ORDER.map((kind) => ({ kind, items: items.filter((item) => item.kind === kind).sort((one, two) => rank(one).localeCompare(rank(two))) })).filter((group) => group.items.length > 0);
}

/** What is to be done, without the command that does the same: the line leads to the page. */
export function saidOf({ what }: WorkOut): string {
  return what.replace(/ \(`promptops [^)]*\)/, '');
}

/** The page where the thing is done. */
export function hrefOf({ kind, project, path, version, request, what }: WorkOut): string {
  const address = version === null ? path : `${path}@${version}`;
  if (kind === 'certify' || kind === 'suspend_decision') return links.compliance(project, 'certifications');
  if (kind === 'accept_exception') return links.compliance(project, 'exceptions');
  if (kind === 'approve_redaction') return links.audit(project, { tab: 'redactions' });
  if (kind === 'ratify') {
    const where = / went live in (\S+) without/.exec(what)?.[1];
    return where === undefined ? links.releases(project) : links.environment(project, where, { tab: 'emergencies' });
  }
  if (kind === 'publish') return withSheet(request === null ? links.prompt(project, path) : links.review(project, request), { sheet: 'publish', prompts: address });
  if (request !== null) return links.review(project, request);
  return path === '' ? links.project(project) : links.prompt(project, path);
}
