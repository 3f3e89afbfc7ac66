/** What somebody is about to publish, and the request it comes to. */
import type { PromotionIn, PublishIn } from '@/api/schema';
import type { Why } from '../ReasonFields';
import type { Pick as PromptPick } from '../picks';

export interface Draft extends Why {
  readonly to: string;
  readonly picks: readonly PromptPick[];
  /** Publish what is live in this environment, instead of `picks`. */
  readonly promoteFrom: string | null;
  readonly module: string;
  readonly prune: boolean;
  /** A local time as `2026-12-01T09:00`; empty: now. */
  readonly at: string;
  readonly onlyIfHead: boolean;
  /** The incident of an emergency; null: none. */
  readonly incident: string | null;
}

/** What is to go live where. */
export type Choice = Pick<Draft, 'to' | 'picks' | 'promoteFrom' | 'module' | 'prune'>;

/** The moment a local time means, as RFC 3339 in UTC; null where it means none. */
export function momentOf(at: string): string | null {
  const moment = new Date(at);
  return at === '' || Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

/** Now, rounded up to the next full hour but one, as a field of local time shows it. */
export function nextHour(now: Date): string {
  const moment = new Date(now.getTime() + 3_600_000);
  moment.setMinutes(0, 0, 0);
  moment.setHours(moment.getHours() + 1);
  return localText(moment);
}

/** A moment as a field of local time holds it. */
export function localText(moment: Date): string {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Whether there is something to ask the server about. */
export function isComplete(draft: Draft): boolean {
  return draft.to !== '' && (draft.promoteFrom !== null ? draft.promoteFrom !== draft.to : draft.picks.length > 0);
}

function common(draft: Draft, dryRun: boolean) {
  const at = momentOf(draft.at);
  return {
    reason: dryRun ? '' : draft.reason.trim(),
    ticket: draft.ticket.trim() === '' ? null : draft.ticket.trim(),
    dry_run: dryRun,
    at,
    only_if_head: at !== null && draft.onlyIfHead,
  };
}

export function publishBody(draft: Draft, dryRun: boolean): PublishIn {
  const incident = draft.incident?.trim() ?? '';
  return {
    ...common(draft, dryRun),
    prompts: draft.picks.map(({ path, version }) => ({ path, version: version ?? null })),
    emergency: draft.incident === null ? null : { incident: incident === '' && dryRun ? '?' : incident },
  };
}

export function promotionBody(draft: Draft, dryRun: boolean): PromotionIn {
  return { ...common(draft, dryRun), from: draft.promoteFrom, module: draft.module.trim(), prune: draft.prune, prompts: null };
}
