/** A prompt filled by the server, as an application would get it; with `model` also tokens, cost and what was changed for it. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { request } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { RenderedOut } from '@/api/schema';
import { without, type Json, type Message, type PromptDoc } from '../document';
import { inputsOf } from '../template';

export type Rendered = Omit<RenderedOut, 'messages'> & { readonly messages: readonly Message[] };

/** Counts documents, so that a cache key need not hold a whole one. */
const numbers = new WeakMap<object, number>();
let last = 0;
function numberOf(value: object): number {
  let found = numbers.get(value);
  if (found === undefined) {
    found = last += 1;
    numbers.set(value, found);
  }
  return found;
}

export function useRender(project: string, doc: PromptDoc, values: Readonly<Record<string, Json>>, model: string | undefined, enabled = true) {
  return useQuery({
    queryKey: projectKey(project, 'render', numberOf(doc), numberOf(values), model),
    enabled: enabled && (doc.messages?.length ?? 0) > 0,
    gcTime: 30_000,
    staleTime: Infinity,
    retry: 1,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }): Promise<Rendered> => {
      const known = inputsOf(doc);
      const inputs = Object.fromEntries(Object.entries(values).filter(([name]) => name in known));
      const prompt = without(doc, 'testData', 'record', 'evaluators');
      const answer = await request(`/api/v1/projects/${encodeURIComponent(project)}/render`, {
        method: 'POST', signal, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ prompt, inputs, ...(model === undefined ? {} : { model }) }),
      });
      return (await answer.json()) as Rendered;
    },
  });
}
