/** Placeholders in prompt texts: found for pills and forms, and filled for the preview while a person types. The server's answer
 * replaces what is filled here; what cannot be filled exactly as the server does (fragments, Jinja2) is left to it. */
import { allMessages, listOf, textsOf, type Input, type Json, type Message, type PromptDoc } from './document';

const PLACE = /\{\{([^{}]*|\s*"(?:[^"\\]|\\.)*"\s*)\}\}/g;
const NAME = /^\s*([A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*)\s*$/;
const QUOTED = /^\s*"((?:[^"\\]|\\.)*)"\s*$/;

/** Names of variables in a text, in order, each once. */
export function variablesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const [, inside = ''] of text.matchAll(PLACE)) {
    const name = NAME.exec(inside)?.[1];
    if (name !== undefined) found.add(name);
  }
  return [...found];
}

export function hasFragments(text: string): boolean {
  return /\{\{\s*>/.test(text);
}

/** What the prompt takes: declared inputs; without any, every variable as a required text and every placeholder as a list. */
export function inputsOf(doc: PromptDoc): Readonly<Record<string, Input>> {
  if (doc.inputs !== undefined && doc.inputs !== null) {
    return Object.fromEntries(Object.entries(doc.inputs).map(([name, input]) => [name, input ?? {}]));
  }
  const found: Record<string, Input> = {};
  for (const message of allMessages(doc)) {
    if (message.placeholder) found[message.placeholder] = { type: 'array' };
    for (const text of textsOf(message)) for (const name of variablesIn(text)) found[name] ??= { type: 'string' };
  }
  return found;
}

/** Whether an input must be given. */
export function isRequired(input: Input): boolean {
  return input.required ?? input.default === undefined;
}

const asText = (value: Json | undefined): string => (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));

/** One text with its variables filled; a variable nobody gave stays as it is written. */
export function filled(text: string, values: Readonly<Record<string, Json | undefined>>, inputs: Readonly<Record<string, Input>>): string {
  if (!text.includes('{{')) return text;
  return text.replaceAll(PLACE, (whole: string, inside: string) => {
    const quoted = QUOTED.exec(inside);
    if (quoted) return (quoted[1] ?? '').replaceAll(/\\(["\\])/g, '$1');
    const name = NAME.exec(inside)?.[1];
    if (name === undefined) return whole;
    const value = values[name] ?? inputs[name]?.default;
    if (value === undefined && inputs[name] !== undefined && isRequired(inputs[name])) return whole;
    return value === undefined && inputs[name] === undefined ? whole : asText(value);
  });
}

/** The messages sent for a variant (null: the prompt itself), filled in the browser; null where only the server can. */
export function filledMessages(doc: PromptDoc, variant: string | null, values: Readonly<Record<string, Json | undefined>>): readonly Message[] | null {
  if (doc.template !== undefined && doc.template !== 'plain') return null;
  const own = variant === null ? undefined : doc.variants?.[variant]?.messages;
  const messages = listOf(own ?? doc.messages);
  const inputs = inputsOf(doc);
  const made: Message[] = [];
  for (const message of messages) {
    if (message.placeholder !== undefined) {
      const given = values[message.placeholder];
      if (Array.isArray(given)) made.push(...(given as unknown as Message[]));
      continue;
    }
    if (textsOf(message).some(hasFragments)) return null;
    const content = typeof message.content === 'string'
      ? filled(message.content, values, inputs)
      : Array.isArray(message.content)
        ? message.content.map((part) => (typeof part.text === 'string' ? { ...part, text: filled(part.text, values, inputs) } : part))
        : message.content;
    made.push({ ...message, content });
  }
  return made;
}

/** Values to try a prompt with: its first test case, else defaults, else an example by type. */
export function exampleValues(doc: PromptDoc): Readonly<Record<string, Json>> {
  const first = doc.testData?.[0] ?? {};
  return Object.fromEntries(Object.entries(inputsOf(doc)).map(([name, input]) => [name, first[name] ?? input.default ?? example(name, input)]));
}

function example(name: string, input: Input): Json {
  switch (input.type) {
    case 'number': return 1.5;
    case 'integer': return 3;
    case 'boolean': return true;
    case 'array': return [];
    case 'object': return {};
    default: return `example ${name.replaceAll(/[_.-]/g, ' ')}`;
  }
}
