/** The record's fields as the server describes them, and where each stands. Pure. */
import type { DraftOut, FieldOut } from '@/api/schema';
import type { Json } from '../document';

export type Shape =
  | { readonly type: 'text' | 'person'; readonly min_length?: number; readonly max_length?: number; readonly min_length_high?: number }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'integer' | 'number'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly items: Shape }
  | { readonly type: 'group'; readonly members: readonly ({ readonly key: string; readonly required_from: string | null } & Shape)[] }
  | { readonly type: 'named'; readonly values: Shape };

export type DraftRecord = NonNullable<DraftOut['record']>;
export type Finding = DraftRecord['findings'][number];

const RANK: Readonly<Record<string, number>> = { low: 0, medium: 1, high: 2 };

/** Whether a field is asked for: its tier is reached and its condition holds. Which ones are missing is the server's finding. */
export function isAsked(field: FieldOut, tier: string | null, conditions: readonly string[]): boolean {
  const { tier: from, condition } = field.required;
  return (RANK[from] ?? 0) <= (RANK[tier ?? 'low'] ?? 0) && (condition === null || conditions.includes(condition));
}

export function findingsOf(findings: readonly Finding[], key: string): readonly Finding[] {
  return findings.filter((finding) => finding.key === key || finding.key.startsWith(`${key}.`) || finding.key.startsWith(`${key}[`));
}

/** Where the values of a field come from: `project`, `module`, `file`, `record`; null when nothing says it. */
export function originOf(record: DraftRecord, key: string): { from: string; file: string | null } | null {
  const found = record.values.filter((value) => value.key === key || value.key.startsWith(`${key}.`) || value.key.startsWith(`${key}[`));
  const first = found.find(({ from }) => from === 'record') ?? found[0];
  return first?.from ? { from: first.from, file: first.file } : null;
}

const NA = 'n/a';

/** The reason of an answer that says it does not apply; null for any other. */
export function naReason(value: Json | undefined): string | null {
  if (typeof value === 'string' && /^n\/a\b/i.test(value.trim())) return value.trim().slice(3).replace(/^\s*[:,;–—-]?\s*/, '');
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 1 && NA in value) return String((value as Record<string, Json>)[NA] ?? '');
  return null;
}

export function naValue(reason: string): Json {
  return { [NA]: reason };
}

/** A value as one reads it. */
export function shownValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map((item: Json) => shownValue(item)).join(', ');
  if (typeof value === 'object') return Object.entries(value).map(([key, item]) => `${key.replaceAll('_', ' ')}: ${shownValue(item)}`).join(' · ');
  return String(value);
}
