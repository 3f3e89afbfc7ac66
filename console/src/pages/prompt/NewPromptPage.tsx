/** Writing a new prompt: name, place, what to start from, its messages; the first version when it is ready. */
import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, request } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { listOf, withKey, type PromptDoc } from './document';
import { useDebouncedValue } from '@mantine/hooks';
import { draftIo } from './draftIo';
import { Messages } from './edit/Messages';
import { ProblemList } from './edit/ProblemList';
import { useTextKit } from './edit/textKit';
import { Preview } from './preview/Preview';
import { faultsAt } from './problems';
import classes from './prompt.module.css';
import { shortName, STARTERS } from './starters';

const words = strings.prompt;

export function NewPromptPage() {
  const project = useProject();
  const [query] = useAddressQuery();
  const go = useGo();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [short, setShort] = useState<string | null>(null);
  const [module, setModule] = useState(query.module ?? '');
  const [starter, setStarter] = useState('blank');
  const [doc, setDoc] = useState<PromptDoc>(STARTERS.blank ?? {});
  const [message, setMessage] = useState('');
  const last = short ?? shortName(name);
  const path = [module.replaceAll(/^\/+|\/+$/g, ''), last].filter(Boolean).join('/');
  const whole: PromptDoc = withKey(withKey(doc, 'description', message.trim()), 'name', name.trim());
  const kit = useTextKit(project, doc);
  const [asked] = useDebouncedValue(doc, 500);
  const checked = useQuery({
    queryKey: projectKey(project, 'check', JSON.stringify(asked)),
    queryFn: () => draftIo(project, 'new').check({ prompt: asked, base: '' }),
  });
  const [place] = useDebouncedValue(path, 400);
  const taken = useQuery({
    queryKey: projectKey(project, 'versions', place, 'taken'),
    enabled: last !== '' && place.length > 0,
    placeholderData: undefined,
    retry: false,
    queryFn: async () => {
      const answer = await api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path: place }, query: { limit: 1 } } }).catch(() => null);
      return ((answer?.data as { items?: readonly unknown[] } | undefined)?.items?.length ?? 0) > 0;
    },
  });
  const create = useMutation({
    mutationFn: () => request(`/api/v1/projects/${encodeURIComponent(project)}/prompts/${path.split('/').map(encodeURIComponent).join('/')}`, {
      method: 'PUT', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ prompt: { ...(whole.name ? { name: whole.name } : {}), ...(whole.description ? { description: whole.description } : {}), ...doc }, message: message.trim() }),
    }),
    onSuccess: async () => {
      await Promise.all(['prompts', 'tree', 'overview', 'versions', 'activity'].map((key) => queries.invalidateQueries({ queryKey: projectKey(project, key) })));
      go(links.prompt(project, path));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  const faults = checked.data?.problems ?? [];
  const pick = (key: string): void => {
    setStarter(key);
    setDoc(STARTERS[key] ?? {});
  };
  return (
    <Page title={words.newTitle}>
      <form onSubmit={submit}>
        <div className={classes.work}>
          <Stack gap="md" style={{ minWidth: 0 }}>
            <TextInput label={words.newName} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Group grow align="flex-start">
              <TextInput label={words.module} description={words.moduleHint} value={module} onChange={(event) => setModule(event.currentTarget.value)} />
              <TextInput label={words.newAddress} description={words.newAddressHint} required value={last} onChange={(event) => setShort(event.currentTarget.value)} />
            </Group>
            {last !== '' && <Text size="sm" c="dimmed">{words.address(`${project}/${path}`)}</Text>}
            {taken.data && <Alert color="orange">{words.addressTaken} <AppLink href={links.prompt(project, place)}>{words.openIt}</AppLink></Alert>}
            <Textarea label={words.newMessage} required maxLength={500} autosize minRows={2} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
            <div>
              <Text size="sm" fw={500} mb={6} id="starters">{words.starter}</Text>
              <div className={classes.cards} role="radiogroup" aria-labelledby="starters">
                {Object.entries(words.starters).map(([key, [title, text]]) => (
                  <button key={key} type="button" role="radio" aria-checked={starter === key} className={classes.card} onClick={() => pick(key)}><strong>{title}</strong><span>{text}</span></button>
                ))}
              </div>
            </div>
            <Messages key={starter} name="messages" messages={listOf(doc.messages)} faults={faultsAt(faults, 'messages')} kit={kit} onChange={(how) => setDoc((now) => ({ ...now, messages: how(listOf(now.messages)) }))} onFix={(variable) => setDoc((now) => withKey(now, 'inputs', { ...now.inputs, [variable]: {} }))} />
            <ProblemList faults={faults} />
            <Refusal fault={create.error} />
            <Group gap="xs">
              <Button type="submit" loading={create.isPending} disabled={last === '' || message.trim() === '' || taken.data === true}>{words.createFirst}</Button>
              <Button variant="default" onClick={() => go(links.project(project))}>{strings.common.cancel}</Button>
            </Group>
          </Stack>
          <div className={classes.aside}><Preview project={project} doc={doc} /></div>
        </div>
      </form>
    </Page>
  );
}
