/** Rules of an environment as a form edits them: a switch and settings each. */
import type { RulesIn } from '@/api/schema';

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
