/** A suite's file in an editor: checked by the server as one types, saved on what was read. */
import { Alert, Button, Group, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey, queries } from '@/api/queries';
import { CodeEditor } from '@/parts/code/CodeEditor';
import { useAddressQuery } from '@/parts/navigate';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { diagnosticsOf } from './diagnostics';
import { Problems } from './Problems';
import type { Loaded } from './SuitePage';

const words = strings.suites;

export interface SuiteEditorProps {
  readonly project: string;
  readonly path: string;
  readonly loaded: Loaded;
  /** Why it may not be written. */
  readonly denied?: string;
  readonly onReload: () => void;
}

export function SuiteEditor({ project, path, loaded, denied, onReload }: SuiteEditorProps) {
  const stored = loaded.suite?.text ?? '';
  const [text, setText] = useState(loaded.suite === null ? loaded.template : stored);
  const [base, setBase] = useState(loaded.etag);
  const [, setQuery] = useAddressQuery();
  const [message, setMessage] = useState('');
  const [settled] = useDebouncedValue(text, 400);
  const where = { params: { path: { project, path } } };
  const checked = useQuery({
    queryKey: projectKey(project, 'suites', 'checked', path, settled),
    enabled: denied === undefined,
    retry: false,
    gcTime: 10_000,
    queryFn: () => data(api.PUT('/api/v1/projects/{project}/suites/{path}', { ...where, body: { text: settled, dry_run: true } })),
  });
  const save = useMutation({
    mutationFn: (tag: string | null) =>
      api.PUT('/api/v1/projects/{project}/suites/{path}', { ...where, body: { text, message: message || undefined, dry_run: false }, headers: tag === null ? {} : { 'If-Match': tag } }),
    onSuccess: async ({ response, data: done }) => {
      setBase(response.headers.get('etag'));
      setMessage('');
      queries.setQueryData(projectKey(project, 'suites', 'one', path), { suite: done ?? null, etag: response.headers.get('etag'), template: '' });
      setQuery({ new: undefined });
      await queries.invalidateQueries({ queryKey: projectKey(project, 'suites', 'list') });
      await queries.invalidateQueries({ queryKey: projectKey(project, 'matrix') });
    },
  });
  const problems = useMemo(() => checked.data?.problems ?? loaded.suite?.problems ?? [], [checked.data, loaded.suite]);
  const marks = useMemo(() => diagnosticsOf(settled, problems), [settled, problems]);
  const broken = problems.some(({ severity }) => severity === 'error');
  const changed = text !== stored;
  const stale = isProblem(save.error, 409) ? save.error : null;
  const theirs = stale?.problem.current as { tag?: string; content?: string } | undefined;
  const theirTag = theirs?.tag === undefined ? null : `"${theirs.tag}"`;
  return (
    <Stack gap="sm">
      <CodeEditor value={text} onChange={setText} language="yaml" label={words.text} readOnly={denied !== undefined} problems={marks} minHeight={240} />
      {problems.length === 0 && checked.data ? <span role="status" style={{ color: 'var(--ink-soft)', fontSize: 13 }}>{words.fine}</span> : <Problems problems={problems} />}
      {denied !== undefined && <Alert color="gray">{denied}</Alert>}
      {stale ? (
        <Alert color="orange" title={words.stale} role="alert">
          <Group mb="sm">
            <Button size="xs" variant="default" onClick={() => { setText(theirs?.content ?? ''); setBase(theirTag); save.reset(); onReload(); }}>{words.takeTheirs}</Button>
            <Button size="xs" variant="default" disabled={theirTag === null} onClick={() => save.mutate(theirTag)}>{words.keepMine}</Button>
          </Group>
          <CodeEditor value={theirs?.content ?? ''} language="yaml" readOnly label={words.theirs} />
        </Alert>
      ) : <Refusal fault={save.error} />}
      <Group align="end">
        <TextInput style={{ flex: '1 1 260px' }} label={words.message} description={words.messageHelp} maxLength={500} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
        {changed && loaded.suite !== null && <Button variant="default" onClick={() => setText(stored)}>{words.discard}</Button>}
        <Button disabled={denied !== undefined || !changed || broken} loading={save.isPending} onClick={() => save.mutate(base)}>{words.save}</Button>
      </Group>
      <span role="status" style={{ color: 'var(--ink-soft)', fontSize: 13 }}>{save.isSuccess && !changed ? (save.data.data?.commit ? words.saved : words.same) : changed ? words.unsaved : ''}</span>
    </Stack>
  );
}
