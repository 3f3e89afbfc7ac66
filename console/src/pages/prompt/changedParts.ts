/** What a draft changes against the version it is made from: texts as texts, everything else as its JSON. Pure. */
import { listOf, type Message, type PromptDoc } from './document';

export interface Change { readonly what: string; readonly before: string; readonly after: string }

const shown = (value: unknown): string => (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2));

function textOf(message: Message | undefined): string {
  if (message === undefined) return '';
  const { role, content, placeholder, ...rest } = message;
  const head = placeholder === undefined ? `[${role ?? ''}]` : `[${placeholder}]`;
  const more = Object.keys(rest).length === 0 ? '' : `\n${JSON.stringify(rest)}`;
  return `${head}\n${shown(content)}${more}`;
}

function ofMessages(name: string, before: unknown, after: unknown): readonly Change[] {
  const [old, now] = [listOf(before), listOf(after)];
  return Array.from({ length: Math.max(old.length, now.length) }, (_, at) => ({ what: `${name} ${at + 1}`, before: textOf(old[at]), after: textOf(now[at]) }));
}

/** Only what differs, messages first. */
export function changesOf(before: PromptDoc, after: PromptDoc): readonly Change[] {
  const found: Change[] = [...ofMessages('messages', before.messages, after.messages)];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const key of keys) {
    if (key === 'messages') continue;
    if (key !== 'variants' && key !== 'record' && key !== 'inputs') {
      found.push({ what: key, before: shown(before[key]), after: shown(after[key]) });
      continue;
    }
    const [old, now] = [(before[key] ?? {}) as Record<string, unknown>, (after[key] ?? {}) as Record<string, unknown>];
    for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) found.push({ what: `${key}.${name}`, before: shown(old[name]), after: shown(now[name]) });
  }
  return found.filter((change) => change.before !== change.after);
}
