/** What all records of a project or module have in common, read and written as YAML. */
import { Button, Code, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { request } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { DefaultsOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';

const CodeEditor = lazy(async () => ({ default: (await again(() => import('@/parts/code/CodeEditor'))).CodeEditor }));
const words = strings.compliance.defaults;

interface Read {
  readonly found: DefaultsOut;
  readonly tag: string | null;
}

const address = (project: string, module: string): string =>
  `/api/v1/projects/${encodeURIComponent(project)}/record-defaults${module === '' ? '' : `/${module.split('/').map(encodeURIComponent).join('/')}`}`;

async function read(answer: Promise<Response>): Promise<Read> {
  const response = await answer;
  return { found: (await response.json()) as DefaultsOut, tag: response.headers.get('etag') };
}

export function RecordDefaults({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const [module] = useDebouncedValue((query.module ?? '').replace(/^\/+|\/+$/g, ''), 300);
  const defaults = useQuery({ queryKey: projectKey(project, 'records', 'defaults', module), placeholderData: undefined, queryFn: () => read(request(address(project, module))) });
  return (
    <Stack maw={960}>
      <Text size="sm" c="dimmed">{words.lead}</Text>
      <TextInput label={words.module} description={words.moduleHelp} w={280} value={query.module ?? ''} onChange={(event) => set({ module: event.currentTarget.value })} />
      <Refusal fault={defaults.error} />
      {defaults.data ? <Editor key={`${module} ${defaults.data.tag}`} project={project} module={module} given={defaults.data} /> : !defaults.error && <Waiting />}
    </Stack>
  );
}

function Editor({ project, module, given }: { readonly project: string; readonly module: string; readonly given: Read }) {
  const { found, tag } = given;
  const [text, setText] = useState(found.text);
  const [message, setMessage] = useState('');
  const may = useCan('prompt:write', module === '' ? project : `${project}/${module}/`);
  const save = useMutation({
    mutationFn: () => read(request(address(project, module), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', ...(found.exists && tag ? { 'If-Match': tag } : {}) },
      body: JSON.stringify({ text, message: message || undefined }),
    })),
    onSuccess: (done) => {
      notifications.show({ message: done.found.commit === null ? words.same : words.saved });
      return queries.invalidateQueries({ queryKey: projectKey(project) });
    },
  });
  return (
    <>
      <Text size="sm">{words.affected(found.affected)}</Text>
      {!found.exists && <div><Text size="sm" mb={4}>{words.absent}</Text><Code block>{words.example}</Code></div>}
      <Suspense fallback={<Waiting lines={8} />}><CodeEditor label={words.editor} language="yaml" minHeight={220} value={text} onChange={setText} readOnly={may?.allowed === false} /></Suspense>
      {found.problems.length > 0 && <List size="sm">{found.problems.map((problem) => <List.Item key={`${problem.code} ${problem.line} ${problem.key}`}>{`${problem.line}: ${problem.message} ${problem.fix}`}</List.Item>)}</List>}
      <TextInput label={words.message} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
      <Refusal fault={save.error} />
      <Group><Allowed may={may}>{(off) => <Button disabled={off || text === found.text} loading={save.isPending} onClick={() => save.mutate()}>{words.save}</Button>}</Allowed></Group>
    </>
  );
}
