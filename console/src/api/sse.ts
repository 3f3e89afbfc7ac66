/** Server-sent events read from the answer of a POST, which EventSource cannot make. */
import { request } from './client';

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Whole events out of `buffer + chunk`, and what is left. Comments are dropped. */
export function eventsIn(buffer: string, chunk: string): { readonly events: readonly ServerEvent[]; readonly rest: string } {
  const blocks = (buffer + chunk).replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  const events: ServerEvent[] = [];
  for (const block of blocks) {
    let event = 'message';
    const lines: string[] = [];
    for (const line of block.split('\n')) {
      if (line.startsWith('event:')) event = line.slice(6).trim();
      else if (line.startsWith('data:')) lines.push(line.slice(5).replace(/^ /, ''));
    }
    if (lines.length > 0) events.push({ event, data: lines.join('\n') });
  }
  return { events, rest };
}

/** Post JSON and hear the events as they come; ends with the stream. Throws refusals as any request does. */
export async function postForEvents(url: string, body: unknown, signal: AbortSignal, hear: (events: readonly ServerEvent[]) => void): Promise<void> {
  const answer = await request(url, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' }, body: JSON.stringify(body), signal });
  const reader = answer.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const found = eventsIn(rest, decoder.decode(value, { stream: true }));
    rest = found.rest;
    if (found.events.length > 0) hear(found.events);
  }
}
