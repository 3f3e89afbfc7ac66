/**
 * What part of a prompt file each line belongs to: a message, the parameters, an input, a variant, the record. Read from the lines
 * alone, so that a file that does not parse can be compared too; what is not recognised is shown as it is written.
 */

export type Part =
  | 'about' | 'model' | 'template' | 'parameters' | 'inputs' | 'message' | 'variant' | 'tools' | 'output' | 'retrieval' | 'tests' | 'record' | 'other';

export interface Place {
  /** Lines of one key stand under one heading. */
  readonly key: string;
  readonly part: Part;
  readonly role?: string;
  readonly variant?: string;
  /** Written by the file's form alone (`messages:`, `content: |`): the heading says it. */
  readonly form: boolean;
  /** Blanks at the start that are not content. */
  readonly indent: number;
}

const PARTS: Readonly<Record<string, Part>> = {
  name: 'about', description: 'about', tags: 'about', owners: 'about', labels: 'about', meta: 'about',
  model: 'model', modelParameters: 'parameters', template: 'template', inputs: 'inputs', messages: 'message', variants: 'variant', tools: 'tools', toolChoice: 'tools',
  responseFormat: 'output', jsonSchema: 'output', output: 'output', retrieval: 'retrieval', testData: 'tests', evaluators: 'tests', record: 'record',
};
/** Parts that read better together under one heading. */
const HEADING: Readonly<Partial<Record<Part, Part>>> = { model: 'parameters', template: 'parameters' };
const TOP = /^([A-Za-z_$][\w$-]*):(.*)$/;
const BLOCK = /^content:\s*[|>][+-]?\d*[+-]?\s*$/;

const blanks = (line: string): number => line.length - line.trimStart().length;

/** The place of each line. */
export function placesOf(lines: readonly string[]): Place[] {
  const places: Place[] = [];
  let top = '';
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) places.push(...placesOfTop(lines.slice(start, end), top));
    start = end;
  };
  lines.forEach((line, at) => {
    const found = TOP.exec(line);
    if (!found) return;
    flush(at);
    top = found[1] ?? '';
  });
  flush(lines.length);
  // What follows the last line's ending is no line of its own.
  const last = places.at(-1);
  if (last && lines.at(-1) === '') places[places.length - 1] = { ...last, form: true };
  return places;
}

function placesOfTop(lines: readonly string[], top: string): Place[] {
  const own = PARTS[top] ?? 'other';
  if (own === 'message') return placesOfMessages(lines, 'message', undefined);
  if (own === 'variant') return placesOfVariants(lines);
  const part = HEADING[own] ?? own;
  return lines.map((line, at) => {
    const heading = at === 0 && /:\s*$/.test(line) && own !== 'other' && part !== 'about' && part !== 'output' && part !== 'tests' && part !== 'tools';
    return { key: part, part, form: heading, indent: at > 0 && ['parameters', 'inputs', 'record', 'retrieval'].includes(part) ? 2 : 0 };
  });
}

function placesOfVariants(lines: readonly string[]): Place[] {
  const places: Place[] = [];
  const depth = blanks(lines.slice(1).find((line) => line.trim() !== '' && !line.trimStart().startsWith('#')) ?? '');
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const name = at > 0 && blanks(line) === depth ? /^\s*["']?([\w.$/-]+)["']?:(.*)$/.exec(line)?.[1] : undefined;
    if (name === undefined) {
      places.push({ key: 'variants', part: 'variant', form: at === 0 && /:\s*$/.test(line), indent: 0 });
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < lines.length && (lines[end]?.trim() === '' || blanks(lines[end] ?? '') > depth)) end += 1;
    places.push(...placesOfVariant(lines.slice(at, end), name));
    at = end;
  }
  return places;
}

function placesOfVariant(lines: readonly string[], variant: string): Place[] {
  const places: Place[] = [];
  const depth = blanks(lines.slice(1).find((line) => line.trim() !== '') ?? '');
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (at > 0 && blanks(line) === depth && /^\s*messages:\s*$/.test(line)) {
      let end = at + 1;
      while (end < lines.length && (lines[end]?.trim() === '' || blanks(lines[end] ?? '') > depth || (blanks(lines[end] ?? '') === depth && lines[end]?.trimStart().startsWith('- ')))) end += 1;
      places.push(...placesOfMessages(lines.slice(at, end), `variant ${variant}`, variant));
      at = end;
      continue;
    }
    places.push({ key: `variant ${variant}`, part: 'variant', variant, form: at === 0 && /:\s*$/.test(line), indent: at > 0 ? depth : 0 });
    at += 1;
  }
  return places;
}

/** `lines` begin with `messages:`. */
function placesOfMessages(lines: readonly string[], prefix: string, variant: string | undefined): Place[] {
  const first = lines.slice(1).find((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const depth = first === undefined ? 0 : blanks(first);
  const starts = lines.flatMap((line, at) => (at > 0 && blanks(line) === depth && line.trimStart().startsWith('- ') ? [at] : []));
  const none = (line: string, at: number): Place => ({ key: prefix, part: variant === undefined ? 'message' : 'variant', variant, form: at === 0 && /:\s*$/.test(line), indent: 0 });
  if (starts.length === 0) return lines.map(none);
  const places = lines.slice(0, starts[0]).map(none);
  starts.forEach((start, number) => places.push(...placesOfMessage(lines.slice(start, starts[number + 1] ?? lines.length), `${prefix} ${number}`, variant, depth)));
  return places;
}

function placesOfMessage(lines: readonly string[], key: string, variant: string | undefined, depth: number): Place[] {
  const members = lines.map((line, at) => (at === 0 ? line.trimStart().replace(/^- /, '') : blanks(line) === depth + 2 ? line.trim() : ''));
  const role = members.map((member) => /^role:\s*["']?(\w+)["']?\s*$/.exec(member)?.[1]).find((found) => found !== undefined);
  const block = members.findIndex((member) => BLOCK.test(member));
  const inside = block < 0 ? 0 : blanks(lines.slice(block + 1).find((line) => line.trim() !== '') ?? '');
  return lines.map((line, at) => ({
    key, part: 'message', role, variant,
    form: (role !== undefined && /^role:/.test(members[at] ?? '')) || at === block,
    indent: block >= 0 && at > block && (line.trim() === '' || blanks(line) >= inside) ? inside : at === 0 ? depth : Math.min(blanks(line), depth + 2),
  }));
}
