/** A try as its events come in: one answer a target. Pure. */
import type { ServerEvent } from '@/api/sse';

export interface Note {
  readonly rule: string;
  readonly parameter?: string | null;
  readonly what: string;
  readonly source?: string;
  readonly date?: string;
}

export interface Answer {
  readonly target: string;
  readonly state: 'waiting' | 'writing' | 'done' | 'error' | 'stopped';
  readonly text: string;
  readonly reasoning: string;
  readonly notes: readonly Note[];
  readonly model?: string;
  readonly tokensIn?: { readonly count: number; readonly exact: boolean };
  readonly mostCost?: number | null;
  readonly usage?: { readonly input?: number | null; readonly output?: number | null };
  readonly cost?: number | null;
  readonly latencyMs?: number;
  readonly firstTokenMs?: number | null;
  readonly refusal?: string | null;
  readonly toolCalls?: readonly unknown[];
  readonly fault?: string;
  readonly detail?: string;
}

export interface Play {
  readonly answers: readonly Answer[];
  /** undefined until the end; null: not known. */
  readonly cost?: number | null;
}

export function begun(targets: readonly string[]): Play {
  return { answers: targets.map((target) => ({ target, state: 'waiting', text: '', reasoning: '', notes: [] })) };
}

/** The try after these events. */
export function heard(play: Play, events: readonly ServerEvent[]): Play {
  return events.reduce(one, play);
}

function one(play: Play, { event, data }: ServerEvent): Play {
  const told = JSON.parse(data) as Record<string, unknown> & { target?: string };
  if (event === 'end') return { ...play, cost: told.cost as number | null };
  return { ...play, answers: play.answers.map((answer) => (answer.target === told.target ? changed(answer, event, told) : answer)) };
}

function changed(answer: Answer, event: string, told: Record<string, unknown>): Answer {
  if (event === 'start') {
    return { ...answer, model: told.model as string, notes: told.notes as Note[], tokensIn: (told.tokens as Answer['tokensIn'] | null) ?? undefined, mostCost: told.most_cost as number | null };
  }
  if (event === 'delta') return { ...answer, state: 'writing', text: answer.text + String(told.text ?? ''), reasoning: answer.reasoning + String(told.reasoning ?? '') };
  if (event === 'done') {
    return {
      ...answer, state: 'done', text: String(told.text ?? ''), reasoning: String(told.reasoning ?? ''), refusal: told.refusal as string | null, toolCalls: told.tool_calls as unknown[], usage: told.usage as Answer['usage'],
      cost: told.cost as number | null, latencyMs: told.latency_ms as number, firstTokenMs: told.first_token_ms as number | null, model: (told.model as string) || answer.model,
    };
  }
  if (event === 'error') return { ...answer, state: 'error', fault: String(told.fault ?? ''), detail: String(told.detail ?? '') };
  return answer;
}

/** What had not ended when the stream did: stopped by the person, or cut off. */
export function ended(play: Play): Play {
  return { ...play, answers: play.answers.map((answer) => (answer.state === 'waiting' || answer.state === 'writing' ? { ...answer, state: 'stopped' } : answer)) };
}
