/** The tree as rows: levels fetched one at a time, joined into the lines that are shown. Pure, so that it can be tested. */
import type { TreePage } from '@/api/schema';

type Folder = TreePage['modules'][number];
type Leaf = TreePage['prompts'][number];

/** What was fetched of one module. */
export interface Level {
  readonly modules: readonly Folder[];
  readonly prompts: readonly Leaf[];
  readonly next: string | null;
}

export type Row =
  | { readonly kind: 'module'; readonly id: string; readonly depth: number; readonly module: Folder; readonly open: boolean }
  | { readonly kind: 'prompt'; readonly id: string; readonly depth: number; readonly prompt: Leaf }
  | { readonly kind: 'waiting'; readonly id: string; readonly depth: number }
  | { readonly kind: 'more'; readonly id: string; readonly depth: number; readonly module: string };

/** The lines of `module` and of every open module below it. */
export function rowsOf(module: string, levels: ReadonlyMap<string, Level>, open: ReadonlySet<string>, depth = 0): Row[] {
  const level = levels.get(module);
  if (!level) return [{ kind: 'waiting', id: `waiting ${module}`, depth }];
  const rows: Row[] = [];
  for (const folder of level.modules) {
    const isOpen = open.has(folder.path);
    rows.push({ kind: 'module', id: `${folder.path}/`, depth, module: folder, open: isOpen });
    if (isOpen) rows.push(...rowsOf(folder.path, levels, open, depth + 1));
  }
  for (const prompt of level.prompts) rows.push({ kind: 'prompt', id: prompt.path, depth, prompt });
  if (level.next !== null) rows.push({ kind: 'more', id: `more ${module}`, depth, module });
  return rows;
}

const FEW = 30;

/** Whether the whole project fits on a page, by its top level. */
export function isSmall(top: Level | undefined): boolean {
  if (!top || top.next !== null || top.modules.some(({ more }) => more)) return false;
  return top.prompts.length + top.modules.reduce((sum, { prompts }) => sum + prompts, 0) <= FEW;
}

/** The pages of a level as one. */
export function joined(pages: readonly Level[]): Level {
  return { modules: pages.flatMap(({ modules }) => modules), prompts: pages.flatMap(({ prompts }) => prompts), next: pages.at(-1)?.next ?? null };
}

/** The name a line is found by when somebody types its beginning. */
export function nameOf(row: Row): string {
  if (row.kind === 'module') return row.module.name;
  return row.kind === 'prompt' ? row.prompt.path.slice(row.prompt.path.lastIndexOf('/') + 1) : '';
}

/** The line after `at`, around the end, whose name begins with what was typed; `at` itself while more is typed. */
export function typedTo(rows: readonly Row[], at: number, typed: string): number {
  const start = typed.length > 1 ? at : at + 1;
  for (let step = 0; step < rows.length; step += 1) {
    const place = (Math.max(start, 0) + step) % rows.length;
    const row = rows[place];
    if (row && nameOf(row).toLowerCase().startsWith(typed.toLowerCase())) return place;
  }
  return at;
}

/** The module a line lies in; null at the top. */
export function parentOf(rows: readonly Row[], at: number): number | null {
  const depth = rows[at]?.depth ?? 0;
  for (let place = at - 1; place >= 0; place -= 1) if ((rows[place]?.depth ?? 0) < depth) return place;
  return null;
}

/** How many versions the live one is older than the newest; 0 where it is the newest, null where nothing is live. */
export function drift(prompt: { version: number; live: readonly { environment: string; version: number }[] }, environment: string): { version: number; behind: number } | null {
  const live = prompt.live.find((place) => place.environment === environment);
  return live ? { version: live.version, behind: Math.max(0, prompt.version - live.version) } : null;
}
