/** What all records of a project or module have in common, read and written as YAML. */
import { Alert, Autocomplete, Button, Code, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { request } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey, queries } from '@/api/queries';
import type { DefaultsOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { useModuleNames } from '@/parts/modules';
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
  const modules = useModuleNames(project, query.module ?? '');
  const key = projectKey(project, 'records', 'defaults', module);
  const defaults = useQuery({ queryKey: key, placeholderData: undefined, queryFn: () => read(request(address(project, module))) });
  return (
    <Stack maw={960}>
      <Text size="sm" c="dimmed">{words.lead}</Text>
      <Autocomplete label={words.module} description={words.moduleHelp} w={280} data={modules} value={query.module ?? ''} onChange={(wanted) => set({ module: wanted })} />
      <Refusal fault={defaults.error} />
      {defaults.data ? <Editor key={module} project={project} module={module} given={defaults.data} onSaved={(saved) => queries.setQueryData(key, saved)} /> : !defaults.error && <Waiting />}
    </Stack>
  );
}

interface EditorProps {
  readonly project: string;
  readonly module: string;
  /** What is there now; live updates bring what others write. */
  readonly given: Read;
  readonly onSaved: (saved: Read) => void;
}

function Editor({ project, module, given, onSaved }: EditorProps) {
  const [base, setBase] = useState(given);
  const [text, setText] = useState(given.found.text);
  const [message, setMessage] = useState('');
  const { found, tag } = base;
  const typed = text !== found.text;
  const overtaken = given.tag !== tag;
  const adopt = (now: Read): void => {
    setBase(now);
    setText(now.found.text);
  };
  // What nobody typed over follows by itself; what is typed is kept, and the choice is left to the person.
  if (overtaken && !typed) adopt(given);
  const may = useCan('prompt:write', module === '' ? project : `${project}/${module}/`);
  const save = useMutation({
    mutationFn: () => read(request(address(project, module), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', ...(found.exists && tag ? { 'If-Match': tag } : {}) },
      body: JSON.stringify({ text, message: message || undefined }),
    })),
    onSuccess: (saved) => {
      onSaved(saved);
      adopt(saved);
      setMessage('');
      notifications.show({ message: saved.found.commit === null ? words.same : words.saved });
      return queries.invalidateQueries({ queryKey: projectKey(project) });
    },
  });
  return (
    <>
      <Text size="sm">{words.affected(found.affected)}</Text>
      {!found.exists && (
        <div>
          <Text size="sm" mb={4}>{words.absent}</Text>
          <Code block>{words.example}</Code>
          {text === '' && <Button mt={6} size="xs" variant="default" disabled={may?.allowed !== true} onClick={() => setText(`${words.example}\n`)}>{words.begin}</Button>}
        </div>
      )}
      {overtaken && typed && (
        <Alert color="orange" icon={<IconAlertTriangle size={18} />} title={words.overtaken} role="alert">
          <Text size="sm">{words.overtakenHelp}</Text>
          <Code block my={6}>{given.found.text}</Code>
          <Group gap={6}>
            <Button size="xs" variant="default" onClick={() => { save.reset(); adopt(given); }}>{words.takeTheirs}</Button>
            <Button size="xs" variant="default" onClick={() => { save.reset(); setBase(given); }}>{words.keepMine}</Button>
          </Group>
        </Alert>
      )}
      <Suspense fallback={<Waiting lines={8} />}><CodeEditor label={words.editor} language="yaml" minHeight={220} value={text} onChange={setText} readOnly={may?.allowed === false} /></Suspense>
      {found.problems.length > 0 && <List size="sm">{found.problems.map((problem) => <List.Item key={`${problem.code} ${problem.line} ${problem.key}`}>{`${problem.line}: ${problem.message} ${problem.fix}`}</List.Item>)}</List>}
      <TextInput label={words.message} description={strings.common.optional} maxLength={500} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
      {!(overtaken && typed) && <Refusal fault={save.error}>{isProblem(save.error, 409) && <Button mt="xs" size="xs" variant="default" onClick={() => void queries.invalidateQueries({ queryKey: projectKey(project, 'records', 'defaults') })}>{words.readAgain}</Button>}</Refusal>}
      <Group>
        <Allowed may={may}>{(off) => <Button disabled={off || !typed || overtaken} loading={save.isPending} onClick={() => save.mutate()}>{words.save}</Button>}</Allowed>
        {typed && <Button variant="subtle" onClick={() => setText(found.text)}>{words.discard}</Button>}
      </Group>
    </>
  );
}
