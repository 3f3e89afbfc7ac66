/** The form of a new project; which names may be is the server's to say. */
import { Button, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

const words = strings.home.projects;

/** `Retail bank` suggests `retail-bank`. */
export function suggestedName(title: string): string {
  return title.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
}

export function NewProject({ onDone }: { readonly onDone: (name: string) => void }) {
  const [title, setTitle] = useState('');
  const [typed, setTyped] = useState<string | null>(null);
  const [description, setDescription] = useState('');
  const name = typed ?? suggestedName(title);
  const make = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects', { body: { name: name.trim(), title: title.trim(), description: description.trim() } })),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ['projects'] });
      onDone(made.name);
    },
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
      <Stack>
        <TextInput label={words.label} description={words.labelHelp} data-autofocus value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <TextInput label={words.name} description={words.nameHelp} required withAsterisk={false} value={name} onChange={(event) => setTyped(event.currentTarget.value)} />
        <Textarea label={words.description} description={strings.common.optional} autosize minRows={2} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        <Refusal fault={make.error} />
        <Button type="submit" style={{ alignSelf: 'flex-end' }} loading={make.isPending}>{words.make}</Button>
      </Stack>
    </form>
  );
}
