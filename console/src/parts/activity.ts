/** An item of the activity as a sentence. Pure, so that it can be tested. */
import type { ItemOut } from '@/api/schema';
import { strings } from '@/strings';

const words = strings.home.activity;
const SHOWN = 3;

export interface Sentence {
  readonly verb: string;
  readonly prompts: readonly { readonly path: string; readonly version: number | null }[];
  /** Prompts beyond those named. */
  readonly more: number;
  readonly preposition: string;
}

/** Who did it is said by the page; kinds without a word of ours are shown as the server sums them up. */
export function sentence(item: Pick<ItemOut, 'kind' | 'summary' | 'prompts' | 'prompts_total'>): Sentence {
  const created = item.kind === 'edit' && item.summary.startsWith('created');
  const verb = words.kinds[created ? 'created' : item.kind];
  if (verb === undefined) return { verb: item.summary, prompts: [], more: 0, preposition: words.in };
  const total = item.prompts_total ?? item.prompts.length;
  const prompts = item.prompts.slice(0, SHOWN).map(({ path, version }) => ({ path, version: version ?? null }));
  return { verb, prompts, more: Math.max(0, total - prompts.length), preposition: item.kind === 'publish' ? words.to : words.in };
}
