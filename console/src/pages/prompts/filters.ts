/** Filters as the address holds them, and as the API takes them. Pure, so that it can be tested. */
import type { PromptQuery } from '@/api/schema';

export const FILTERS = ['q', 'module', 'tag', 'owner', 'model', 'environment', 'state', 'archived', 'changed_since', 'valid'] as const;
export type Filter = (typeof FILTERS)[number];
type Values = Readonly<Record<string, string | undefined>>;

/** Several tags stand in one value, between commas. */
export function tagsOf(values: Values): string[] {
  return (values['tag'] ?? '').split(',').filter((tag) => tag !== '');
}

/** The query of the API for the filters of the address. */
export function queryOf(values: Values): PromptQuery {
  const query: Record<string, unknown> = { tag: tagsOf(values) };
  for (const name of FILTERS) {
    const value = values[name];
    if (name === 'tag' || value === undefined || value === '') continue;
    query[name] = name === 'valid' ? value === 'true' : value;
  }
  return query as unknown as PromptQuery;
}

/** Whether a list is asked for, not the tree: a module alone opens the tree there. */
export function isFiltered(values: Values): boolean {
  return FILTERS.some((name) => name !== 'module' && (values[name] ?? '') !== '');
}

/** The address's values for a saved query, those not in it taken away. */
export function valuesOf(query: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  return Object.fromEntries(FILTERS.map((name) => {
    const value = query[name];
    if (Array.isArray(value)) return [name, value.join(',') || undefined];
    return [name, value === undefined || value === null ? undefined : String(value)];
  }));
}
