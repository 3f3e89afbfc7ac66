/** What a draft changes, side by side. */
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { projectKey } from '@/api/queries';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import { changesOf } from './changedParts';
import type { PromptDoc } from './document';
import { draftIo } from './draftIo';
import { useVersion } from './facts';

const words = strings.prompt;
const SideBySide = lazy(() => again(() => import('@/parts/code/SideBySide')).then((part) => ({ default: part.SideBySide })));

/** What changed, in words: `inputs.claim` as `Variable claim`. */
function named(what: string): string {
  const [, head = what, rest = ''] = /^([^. ]+)[. ]?(.*)$/.exec(what) ?? [];
  const word = words.changedParts[head === 'messages' ? 'message' : head];
  return word === undefined ? what : typeof word === 'string' ? word : word(rest);
}

/** A version as its JSON form. */
export function useDocument(project: string, path: string, version: number | undefined) {
  const shown = useVersion(project, path, version);
  const content = shown.data?.content;
  const doc = useQuery({
    queryKey: projectKey(project, 'versions', path, 'document', version),
    enabled: content !== undefined,
    placeholderData: undefined,
    staleTime: Infinity,
    queryFn: () => draftIo(project, path).check({ content: content ?? '' }),
  });
  return { version: shown.data, checked: doc.data, error: shown.error ?? doc.error };
}

export function Changes({ project, path, parent, doc }: { readonly project: string; readonly path: string; readonly parent: number; readonly doc: PromptDoc }) {
  const before = useDocument(project, path, parent === 0 ? undefined : parent);
  if (parent === 0) return <Text size="sm" c="dimmed">{words.newPromptAll}</Text>;
  if (before.error) return <Refusal fault={before.error} />;
  if (!before.checked?.prompt) return <Waiting lines={4} />;
  const changes = changesOf(before.checked.prompt, doc);
  if (changes.length === 0) return <Text size="sm" c="dimmed">{words.nothingChanged}</Text>;
  return (
    <Suspense fallback={<Waiting lines={4} />}>
      <Stack gap="md">
        {changes.map((change) => (
          <div key={change.what}>
            <Text size="sm" fw={550} mb={4}>{named(change.what)}</Text>
            <SideBySide before={change.before} after={change.after} labels={[`v${parent}, ${named(change.what)}`, `${words.yours}, ${named(change.what)}`]} />
          </div>
        ))}
      </Stack>
    </Suspense>
  );
}
