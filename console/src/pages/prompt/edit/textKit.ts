/** What editors of prompt text know: the variables with their types, and the fragments that can be included. */
import type { Extension } from '@codemirror/state';
import { useMemo } from 'react';
import { api, data } from '@/api/client';
import { promptText, type VariableInfo } from '@/parts/code/promptText';
import { strings } from '@/strings';
import type { PromptDoc } from '../document';
import { inputsOf } from '../template';

const words = strings.prompt;

/** Stable while the variables stay the same. */
export function useTextKit(project: string, doc: PromptDoc): Extension {
  const known = JSON.stringify(Object.entries(inputsOf(doc)).map(([name, input]) => [name, { type: input.type ?? 'string', untrusted: input.trust === 'untrusted', description: input.description }]));
  return useMemo(() => promptText({
    variables: Object.fromEntries(JSON.parse(known) as [string, VariableInfo][]),
    fragments: async (begun) => {
      const found = await data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { q: begun === '' ? undefined : begun.replace(/@.*/, ''), limit: 20 } } }));
      return found.items.map(({ path, version }) => `${path}@${version}`);
    },
    words: { untrusted: words.untrusted, undeclared: words.undeclared, fragment: words.fragment },
  }), [project, known]);
}
