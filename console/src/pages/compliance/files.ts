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

/** By use case, those without one last. */
function byUseCase(items: readonly InventoryItem[]): readonly (readonly [string, readonly InventoryItem[]])[] {
  const cases = new Map<string, InventoryItem[]>();
  for (const item of items) cases.set(item.use_case_id ?? '', [...(cases.get(item.use_case_id ?? '') ?? []), item]);
  return [...cases.entries()].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a.localeCompare(b)));
}

const HEADS = ['Prompt', 'Version', 'Owner', 'Role in the decision', 'Tier', 'Residual', 'Record', 'Model', 'Data', 'Review due', 'Live'] as const;

function cellsOf(item: InventoryItem): readonly (string | number | null)[] {
  return [item.path, item.version, item.owner, item.decision_role, item.tier, item.residual_tier, item.complete ? 'complete' : 'incomplete', item.model, item.data_class, item.review_due, item.live.map((one) => `${one.environment} v${one.version}`).join(', ') || '–'];
}

function summary(items: readonly InventoryItem[], at: Date): string {
  const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return `${some(items.length, 'prompt')} in ${some(byUseCase(items).length, 'use case')}. As of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC.`;
}

/** The AI inventory as a document by use case, in Markdown. */
export function report(project: string, items: readonly InventoryItem[], at: Date): string {
  const bare = (value: string | number | null): string => String(value ?? '–').replaceAll(/[\r\n]+/g, ' ').replaceAll('|', '\\|');
  const parts = byUseCase(items).map(([id, some]) => [
    `## ${id === '' ? 'Without a use case' : bare(id)}`, '',
    `| ${HEADS.join(' | ')} |`, `|${'-|'.repeat(HEADS.length)}`,
    ...some.map((item) => `| ${cellsOf(item).map(bare).join(' | ')} |`), '',
  ].join('\n'));
  return [`# AI inventory of ${project}`, '', summary(items, at), '', ...parts].join('\n');
}

const STYLE = 'body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1d2430}table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}th,td{border:1px solid #ccd3dd;padding:.35rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f2f5f9}';

/** The same as one HTML file, without script or anything loaded. What people wrote is text in it, never markup. */
export function htmlReport(project: string, items: readonly InventoryItem[], at: Date): string {
  const text = (value: string | number | null): string => String(value ?? '–').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const row = (tag: string, cells: readonly (string | number | null)[]): string => `<tr>${cells.map((value) => `<${tag}>${text(value)}</${tag}>`).join('')}</tr>`;
  const parts = byUseCase(items).map(([id, some]) => `<h2>${id === '' ? 'Without a use case' : text(id)}</h2>\n<table><thead>${row('th', HEADS)}</thead><tbody>\n${some.map((item) => row('td', cellsOf(item))).join('\n')}\n</tbody></table>`);
  const title = text(`AI inventory of ${project}`);
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title><style>${STYLE}</style></head><body>\n<h1>${title}</h1>\n<p>${text(summary(items, at))}</p>\n${parts.join('\n')}\n</body></html>\n`;
}
