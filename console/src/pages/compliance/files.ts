/** The inventory as files: a table for spreadsheets, and a document by use case. */
import type { InventoryItem } from '@/api/schema';

const COLUMNS: readonly (readonly [string, (item: InventoryItem) => string | number | null])[] = [
  ['address', (item) => item.address], ['version', (item) => item.version], ['use_case_id', (item) => item.use_case_id], ['owner', (item) => item.owner], ['backup', (item) => item.backup],
  ['decision_role', (item) => item.decision_role], ['tier', (item) => item.tier], ['residual_tier', (item) => item.residual_tier], ['record', (item) => (item.complete ? 'complete' : 'incomplete')],
  ['gaps', (item) => item.faults], ['model', (item) => item.model], ['provider', (item) => item.provider], ['hosting', (item) => item.hosting], ['data_class', (item) => item.data_class],
  ['review_due', (item) => item.review_due], ['live', (item) => item.live.map((at) => `${at.environment} v${at.version}`).join('; ')],
];

/** A cell no spreadsheet takes for a formula. */
export function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(items: readonly InventoryItem[]): string {
  const rows = items.map((item) => COLUMNS.map(([, value]) => cell(value(item))).join(','));
  return `${[COLUMNS.map(([name]) => name).join(','), ...rows].join('\r\n')}\r\n`;
}

export interface Filters {
  readonly q?: string;
  readonly tier?: string;
  readonly record?: string;
  readonly live?: string;
}

/** Whether an item fits the filters of the address. */
export function fits(item: InventoryItem, { q, tier, record, live }: Filters): boolean {
  const text = [item.path, item.use_case_id, item.owner, item.backup, item.model].filter(Boolean).join(' ').toLowerCase();
  return (!q || text.includes(q.trim().toLowerCase())) && (!tier || (item.tier ?? 'none') === tier)
    && (!record || (record === 'complete') === item.complete) && (live !== '1' || item.live.length > 0);
}

/** The AI inventory as a document by use case, in Markdown. */
export function report(project: string, items: readonly InventoryItem[], at: Date): string {
  const bare = (value: string | number | null): string => String(value ?? '–').replaceAll(/[\r\n]+/g, ' ').replaceAll('|', '\\|');
  const cases = new Map<string, InventoryItem[]>();
  for (const item of items) cases.set(item.use_case_id ?? '', [...(cases.get(item.use_case_id ?? '') ?? []), item]);
  const parts = [...cases.entries()].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a.localeCompare(b))).map(([id, some]) => [
    `## ${id === '' ? 'Without a use case' : bare(id)}`, '',
    '| Prompt | Version | Owner | Role in the decision | Tier | Residual | Record | Model | Data | Review due | Live |', '|-|-|-|-|-|-|-|-|-|-|-|',
    ...some.map((item) => `| ${[item.path, item.version, item.owner, item.decision_role, item.tier, item.residual_tier, item.complete ? 'complete' : 'incomplete', item.model, item.data_class, item.review_due, item.live.map((one) => `${one.environment} v${one.version}`).join(', ') || '–'].map(bare).join(' | ')} |`), '',
  ].join('\n'));
  return [`# AI inventory of ${project}`, '', `${items.length} prompts in ${cases.size} use cases. As of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC.`, '', ...parts].join('\n');
}
