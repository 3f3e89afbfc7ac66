/** A prompt file in its JSON form, and the small changes the page makes to it. Pure: every change gives a new document. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface Part { readonly type: string; readonly text?: string; readonly [key: string]: Json | undefined }
export interface Message {
  readonly role?: string;
  readonly content?: string | readonly Part[];
  readonly placeholder?: string;
  readonly [key: string]: Json | undefined;
}
export interface Input {
  readonly type?: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: Json;
  readonly trust?: string;
  readonly pii?: Json;
}
export interface Variant {
  readonly model?: string | null;
  readonly modelParameters?: Readonly<Record<string, Json>> | null;
  readonly messages?: readonly Message[] | null;
  readonly [key: string]: unknown;
}
/** The JSON form. Keys the page does not know stay as they are. */
export interface PromptDoc {
  readonly name?: string;
  readonly description?: string;
  readonly model?: string;
  readonly template?: string;
  readonly modelParameters?: Readonly<Record<string, Json>>;
  readonly inputs?: Readonly<Record<string, Input | null>>;
  readonly messages?: readonly Message[];
  readonly responseFormat?: string;
  readonly jsonSchema?: Json;
  readonly tools?: readonly Json[];
  readonly variants?: Readonly<Record<string, Variant | null>>;
  readonly testData?: readonly Readonly<Record<string, Json>>[];
  readonly tags?: readonly string[];
  readonly owners?: readonly string[];
  readonly record?: Readonly<Record<string, Json>>;
  readonly [key: string]: unknown;
}

export const ROLES = ['system', 'user', 'assistant', 'developer', 'tool'] as const;
export const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;

/** The document without some keys. */
export function without(doc: PromptDoc, ...keys: readonly string[]): PromptDoc {
  return Object.fromEntries(Object.entries(doc).filter(([key]) => !keys.includes(key))) as PromptDoc;
}

/** The document with a key set; undefined, and an empty list, mapping or text, take the key away. */
export function withKey(doc: PromptDoc, key: string, value: unknown): PromptDoc {
  const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
    || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  if (!empty) return { ...doc, [key]: value };
  return without(doc, key);
}

export function listOf(value: unknown): readonly Message[] {
  return Array.isArray(value) ? (value as readonly Message[]) : [];
}

export function changed<T>(list: readonly T[], at: number, item: T): readonly T[] {
  return list.map((old, index) => (index === at ? item : old));
}

export function removed<T>(list: readonly T[], at: number): readonly T[] {
  return list.filter((_, index) => index !== at);
}

/** The item at `from` put at `to`; nothing changes beyond the ends. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  if (to < 0 || to >= list.length || from === to) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** The texts of a message: its content, or the texts of its parts. */
export function textsOf(message: Message): readonly string[] {
  if (typeof message.content === 'string') return [message.content];
  if (Array.isArray(message.content)) return (message.content as readonly Part[]).map((part) => part.text ?? '');
  return [];
}

/** A mapping with one key renamed in its place; the same when the name is taken or nothing is named. */
export function renamed<T>(map: Readonly<Record<string, T>>, from: string, to: string): Readonly<Record<string, T>> {
  if (to === '' || to === from || to in map) return map;
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name === from ? to : name, value]));
}

/** All messages a prompt may send: its own and those of its variants. */
export function allMessages(doc: PromptDoc): readonly Message[] {
  return [...listOf(doc.messages), ...Object.values(doc.variants ?? {}).flatMap((variant) => listOf(variant?.messages))];
}
