/** What a prompt is called, what it is for, and who answers for it. */
import { Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { strings } from '@/strings';
import { withKey, type PromptDoc } from '../document';
import type { Change } from './PromptForm';

const words = strings.prompt;

export function AboutForm({ doc, onChange }: { readonly doc: PromptDoc; readonly onChange: Change | undefined }) {
  const set = (key: string, value: unknown): void => onChange?.((now) => withKey(now, key, value));
  const readOnly = !onChange;
  return (
    <Stack gap="sm" maw={640}>
      <TextInput label={words.shownName} readOnly={readOnly} value={doc.name ?? ''} onChange={(event) => set('name', event.currentTarget.value)} />
      <Textarea label={words.description} readOnly={readOnly} autosize minRows={2} value={doc.description ?? ''} onChange={(event) => set('description', event.currentTarget.value)} />
      <TagsInput label={words.tags} readOnly={readOnly} value={[...(doc.tags ?? [])]} onChange={(value) => set('tags', value)} />
      <TagsInput label={words.owners} description={words.ownersHint} readOnly={readOnly} value={[...(doc.owners ?? [])]} onChange={(value) => set('owners', value)} />
    </Stack>
  );
}
