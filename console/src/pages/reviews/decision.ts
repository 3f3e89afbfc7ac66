/** Which decision a person is offered, and what it says. */
import type { CanOut, RequestOut } from '@/api/schema';

export const STEPS = ['review', 'validate', 'approve'] as const;
export type Step = (typeof STEPS)[number];
export type Verdict = 'approve' | 'request_changes' | 'reject' | 'withdraw' | 'revoke';

/** The step in favour that is offered: the first missing one the person may take; else the first missing one, with why not. */
export function stepOf(missing: RequestOut['missing'], may: Readonly<Record<Step, CanOut | undefined>>): { readonly step: Step; readonly can: CanOut | undefined } | null {
  const wanted = STEPS.filter((step) => missing.some((one) => one.step === step));
  const own = wanted.find((step) => may[step]?.allowed === true);
  const step = own ?? wanted[0];
  return step === undefined ? null : { step, can: may[step] };
}

/** The role a decision is made in, for the sentence that says what it means. */
export function roleOf(step: Step, project: string, roles: readonly string[]): string {
  return step === 'approve' && (roles.includes(`${project}:risk`) || roles.includes('*:risk')) ? 'risk' : step;
}

export const OPEN_STATES: readonly string[] = ['in_review', 'changes_requested', 'reviewed'];
/** Nothing comes of these any more: one asks again. */
export const AGAIN_STATES: readonly string[] = ['withdrawn', 'rejected', 'revoked', 'lapsed', 'superseded'];
