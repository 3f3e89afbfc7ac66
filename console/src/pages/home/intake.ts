/** Files as prompts to import. Pure, so that it can be tested. */

export const MOST_BYTES = 1_048_576;

export interface Taken {
  readonly path: string;
  readonly content: string;
  readonly from: string;
  readonly size: number;
}

export interface Left {
  readonly from: string;
  readonly reason: 'kind' | 'size' | 'twice' | 'binary';
}

const PROMPT = /\.prompt\.ya?ml$/i;
const TEXT = /\.(txt|md|markdown)$/i;

/** Whether the name is of a file this page reads. */
export function isReadable(name: string): boolean {
  return PROMPT.test(name) || TEXT.test(name);
}

/** The path of the prompt in a file; `module` before it, slashes at the ends taken off. */
export function pathOf(name: string, module: string): string {
  const own = name.replace(PROMPT, '').replace(TEXT, '').replace(/^\/+/, '');
  const above = module.trim().replace(/^\/+|\/+$/g, '');
  return above === '' ? own : `${above}/${own}`;
}

/** Text alone becomes one message of the user. JSON is YAML: nothing in the text can be taken for anything else. */
export function promptOf(name: string, text: string): string {
  if (PROMPT.test(name)) return text;
  return `messages:\n  - role: user\n    content: ${JSON.stringify(text)}\n`;
}

/** Whether pasted text is a prompt file already. */
export function isPromptFile(text: string): boolean {
  return /^messages\s*:/m.test(text);
}

/** What is taken, and what is left behind for which reason. A path counts once: the first file has it. */
export function takeIn(files: readonly { readonly name: string; readonly text: string; readonly size: number }[], module: string): { taken: Taken[]; left: Left[] } {
  const taken = new Map<string, Taken>();
  const left: Left[] = [];
  for (const { name, text, size } of files) {
    const path = pathOf(name, module);
    if (!isReadable(name)) left.push({ from: name, reason: 'kind' });
    else if (size > MOST_BYTES) left.push({ from: name, reason: 'size' });
    else if (text.includes('\u0000') || text.includes('\ufffd')) left.push({ from: name, reason: 'binary' });
    else if (taken.has(path)) left.push({ from: name, reason: 'twice' });
    else taken.set(path, { path, content: promptOf(name, text), from: name, size });
  }
  return { taken: [...taken.values()], left };
}

/** In pieces of at most so many prompts and bytes, each sent as one change. */
export function pieces(taken: readonly Taken[], most = 500, bytes = 4_000_000): Taken[][] {
  const all: Taken[][] = [];
  let size = 0;
  for (const one of taken) {
    const last = all.at(-1);
    if (!last || last.length >= most || size + one.content.length > bytes) {
      all.push([one]);
      size = one.content.length;
    } else {
      last.push(one);
      size += one.content.length;
    }
  }
  return all;
}
