/** Rules of an environment as a form edits them: a switch and settings each. */
import { ProblemError } from '@/api/problem';
import type { RulesIn } from '@/api/schema';
import { plainly } from '@/parts/fieldFaults';
import { strings } from '@/strings';

export const RULES = ['freeze', 'windows', 'max_prompts', 'max_tier', 'min_minutes_in', 'only_from', 'ticket_required', 'works_on'] as const;
export type Rule = (typeof RULES)[number];

/** What a rule begins with when it is switched on. */
export function begun(rule: Rule, others: readonly string[], zone: string): NonNullable<RulesIn[Rule]> {
  const first = others[0] ?? '';
  const starts: { [R in Rule]: NonNullable<RulesIn[R]> } = {
    freeze: { periods: [{ reason: '' }] },
    windows: { open: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00', zone }] },
    max_prompts: { prompts: 10 },
    max_tier: { tier: 'medium' },
    min_minutes_in: { environment: first, minutes: 60 },
    only_from: { environment: first },
    ticket_required: {},
    works_on: { targets: [] },
  };
  return starts[rule];
}

/** What PATCH must be told: rules that changed; null takes one away. */
export function difference(before: RulesIn, after: RulesIn): RulesIn {
  const out: Record<string, unknown> = {};
  for (const rule of RULES) {
    const [was, is] = [before[rule] ?? null, after[rule] ?? null];
    if (JSON.stringify(was) !== JSON.stringify(is)) out[rule] = is;
  }
  return out as RulesIn;
}

const labels = strings.projectSettings.environments.fields as Readonly<Record<string, string>>;

export interface RuleFaults {
  /** What is wrong, by rule, `reason` and `ticket`. */
  readonly at: Readonly<Record<string, readonly string[] | undefined>>;
  /** The refusal itself where it is about no rule alone; else null. */
  readonly rest: unknown;
}

/** A refusal of rules, told at the rule: `body.rules.windows.open.0.zone` belongs to the hours, and is named by its field. */
export function faultsByRule(fault: unknown): RuleFaults {
  if (!(fault instanceof ProblemError)) return { at: {}, rest: fault };
  const { errors = [], detail, remedy, type } = fault.problem;
  if (type.endsWith(':rules-in-a-circle')) return { at: { only_from: [`${detail} ${remedy ?? ''}`.trim()] }, rest: null };
  if (type.endsWith(':invalid') && errors.length === 0 && detail.toLowerCase().includes('reason')) return { at: { reason: [detail] }, rest: null };
  const at: Record<string, string[]> = {};
  for (const { key, message } of errors) {
    const [, first = '', ...more] = typeof key === 'string' ? key.split('.') : [];
    const rule = first === 'rules' ? more[0] : first;
    if (rule === undefined || ![...RULES, 'reason', 'ticket'].includes(rule)) return { at: {}, rest: fault };
    const label = labels[more.at(-1) ?? ''];
    const text = plainly(message ?? '');
    (at[rule] ??= []).push(label === undefined ? text : `${label}: ${text}`);
  }
  return { at, rest: errors.length > 0 ? null : fault };
}
