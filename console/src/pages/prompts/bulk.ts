/** A change to many prompts as the server takes it. Pure, so that it can be tested. */
import type { BulkIn, BulkOut } from '@/api/schema';
import { isFiltered, queryOf } from './filters';

export type BulkKind = 'tags' | 'untag' | 'owners' | 'model' | 'move' | 'archive' | 'restore';

export interface Wish {
  readonly names: readonly string[];
  /** A module or a model. */
  readonly word: string;
}

export function operationOf(kind: BulkKind, { names, word }: Wish): BulkIn['operations'][number] {
  switch (kind) {
    case 'tags': return { op: 'add_tags', tags: [...names] };
    case 'untag': return { op: 'remove_tags', tags: [...names] };
    case 'owners': return { op: 'set_owners', owners: [...names] };
    case 'model': return { op: 'set_model', model: word.trim() || null };
    case 'move': return { op: 'move_to', module: word.trim().replace(/^\/+|\/+$/g, '') };
    default: return { op: kind };
  }
}

/** Whether there is something to ask for. */
export function isReady(kind: BulkKind, { names }: Wish): boolean {
  return (kind !== 'tags' && kind !== 'untag') || names.length > 0;
}

/** What is meant: what was seen in the preview, if there was one; else what was chosen, or all that the filters take. */
export function selectionOf(chosen: ReadonlyMap<string, number>, all: boolean, values: Readonly<Record<string, string>>, plan: BulkOut | null): BulkIn['select'] {
  const named = (prompts: readonly { path: string; version?: number | null }[]): BulkIn['select'] => ({ all: false, tag: [], prompts: [...prompts] });
  if (plan !== null) return named(plan.items.map(({ path, from_version: version }) => ({ path, version })));
  if (!all) return named([...chosen].map(([path, version]) => ({ path, version })));
  const query = { ...queryOf(values) } as Record<string, unknown>;
  // Whether archived ones are meant is said by the operation.
  delete query['archived'];
  const narrowed = isFiltered({ ...values, archived: undefined }) || Boolean(values['module']);
  return { tag: [], ...query, all: !narrowed } as BulkIn['select'];
}
