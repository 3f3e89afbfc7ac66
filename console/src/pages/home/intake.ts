/** Files and pasted text on their way to be read, and what came of reading them. Pure, so that it can be tested. */

/** Of one file; an export of another tool may hold thousands of prompts. */
export const MOST_BYTES = 32 * 1_048_576;
/** Of all files of one import, as they are sent. */
export const MOST_TOGETHER = 56 * 1_048_576;

/** A file as it is sent to be read: text as it is, the bytes of an archive in base64. */
export interface Read {
  readonly name: string;
  readonly content: string;
  readonly encoding: 'text' | 'base64';
  readonly size: number;
  /** Why it is not sent; its content is empty then. */
  readonly unfit?: 'size' | 'binary';
}

const ARCHIVE = /\.(zip|tar|tar\.gz|tgz)$/i;

export function isArchive(name: string): boolean {
  return ARCHIVE.test(name);
}

/** The bytes of a file as they are sent. Bytes that are no text go along only where a reader wants them: archives. */
export function taken(name: string, bytes: Uint8Array<ArrayBuffer>): Read {
  const about = { name, size: bytes.length };
  if (isArchive(name)) return { ...about, content: base64(bytes), encoding: 'base64' };
  if (bytes.includes(0)) return { ...about, content: '', encoding: 'text', unfit: 'binary' };
  try {
    return { ...about, content: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'text' };
  } catch {
    // The reader says which byte is not UTF-8.
    return { ...about, content: base64(bytes), encoding: 'base64' };
  }
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary);
}

/** What pasted text may be, and the ending that tells the reader so. */
export const KINDS = {
  text: '.md', prompt: '.prompt.yml', prompty: '.prompty', dotprompt: '.prompt', csv: '.csv', langfuse: '.langfuse.json', mlflow: '.mlflow.json', promptfoo: '.promptfoo.yaml',
} as const;
export type Kind = keyof typeof KINDS;

/** What a text most likely is; its reader has the last word. */
export function kindOf(text: string): Kind {
  const start = text.trimStart().slice(0, 4096);
  if (start.startsWith('---')) return /^(input|output|model)\s*:\s*(?:[\w./-]+\s*$|\s*\n\s+schema)/m.test(start) && !/^\s*(inputs|template)\s*:/m.test(start) && !/^\s*(system|user|assistant)\s*:\s*$/m.test(start) ? 'dotprompt' : 'prompty';
  if (/^[[{]/.test(start)) {
    if (/"template"\s*:/.test(start)) return 'mlflow';
    if (/"prompts"\s*:/.test(start)) return 'promptfoo';
    return /"prompt"\s*:/.test(start) ? 'langfuse' : 'text';
  }
  if (/^messages\s*:/m.test(start)) return 'prompt';
  if (/^prompts\s*:/m.test(start)) return 'promptfoo';
  const header = (start.split('\n', 1)[0] ?? '').toLowerCase().split(/[,;\t]/).map((cell) => cell.trim().replaceAll('"', ''));
  const named = header.some((cell) => ['name', 'title', 'act'].includes(cell)) && header.some((cell) => ['prompt', 'text', 'content'].includes(cell));
  return named && start.includes('\n') ? 'csv' : 'text';
}

/** Pasted text as a file. A format of several prompts names them itself. */
export function pasted(path: string, text: string, kind: Kind): Read {
  const stem = path.trim().replace(/^\/+|\/+$/g, '') || 'pasted';
  return { name: stem + KINDS[kind], content: text, encoding: 'text', size: new Blob([text]).size };
}

/** How many prompts have each result. */
export function counts(items: readonly { readonly result: string }[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { result } of items) found[result] = (found[result] ?? 0) + 1;
  return found;
}

/** Whether importing it would change something. */
export function comes({ result }: { readonly result: string }): boolean {
  return result === 'created' || result === 'updated';
}

/** In pieces of at most so many prompts and bytes, each sent as one change. */
export function pieces<T extends { readonly content: string }>(all: readonly T[], most = 500, bytes = 4_000_000): T[][] {
  const cut: T[][] = [];
  let size = 0;
  for (const one of all) {
    const last = cut.at(-1);
    if (!last || last.length >= most || size + one.content.length > bytes) {
      cut.push([one]);
      size = one.content.length;
    } else {
      last.push(one);
      size += one.content.length;
    }
  }
  return cut;
}
