/** An event of the audit log as the API gives it, and what pages say about it. */
import { strings } from '@/strings';

export interface Entry {
  readonly seq: number;
  readonly event_id: string;
  readonly occurred_at: string;
  readonly action: string;
  readonly outcome: 'ok' | 'denied' | 'failed';
  readonly actor: { readonly type: string; readonly name: string | null; readonly roles: readonly string[]; readonly auth_method: string | null; readonly ip: string | null };
  readonly object: { readonly type: string; readonly id: string | null; readonly version: string | null; readonly hash: string | null };
  readonly project: string | null;
  readonly environment: string | null;
  readonly tier: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly rule: string | null;
  readonly policy_version: string | null;
  readonly signature: Readonly<Record<string, string>> | null;
  readonly entry_hash: string;
  readonly prev_hash: string;
}

/** `published a release`; what has no words of its own is said as `mirror: push`. */
export function actionInWords(action: string): string {
  const known = strings.audit.actions[action];
  return known ?? action.replaceAll('_', ' ').replace('.', ': ');
}

/** What a line of the list says it is about; nothing where that is a number that only machines know. The event's own page has it whole. */
export function objectInWords({ id }: Pick<Entry['object'], 'id'>): string | undefined {
  return id === null || id === 'installation' || /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id) ? undefined : id;
}

/** The prompt an event is about, as path below the project. */
export function promptOf(entry: Entry): string | undefined {
  const { type, id } = entry.object;
  if (type !== 'prompt' || !id || !entry.project || !id.startsWith(`${entry.project}/`)) return undefined;
  return id.slice(entry.project.length + 1);
}

export interface Change {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A value as text: texts bare, the rest as JSON. */
export function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Members of `before` and `after` side by side, those that differ first. */
export function changesOf(entry: Pick<Entry, 'before' | 'after'>): readonly Change[] {
  const { before, after } = entry;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const all = names.map((field) => ({ field, before: shown(before?.[field]), after: shown(after?.[field]) }));
  return [...all.filter((one) => one.before !== one.after), ...all.filter((one) => one.before === one.after)];
}

/** Filters of the address as the API takes them. Days become moments of the viewer's zone; `until` is a day that is still in it. */
export function asked(query: Readonly<Record<string, string>>, project: string | undefined) {
  const day = (text: string | undefined, plus: number): string | undefined => {
    if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return text || undefined;
    const [year = 0, month = 1, date = 1] = text.split('-').map(Number);
    return new Date(year, month - 1, date + plus).toISOString();
  };
  const { actor, action, object, environment, outcome, since, until } = query;
  return {
    project,
    actor: actor || undefined,
    action: action || undefined,
    object: object || undefined,
    outcome: outcome || undefined,
    environment: environment || undefined,
    since: day(since, 0),
    until: day(until, 1),
  };
}
