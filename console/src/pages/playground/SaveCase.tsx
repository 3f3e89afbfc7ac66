/** Make a case of a try: its variables, what is expected, and perhaps a check of its own. */
import { Alert, Button, Code, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import type { Answer } from './play';

const words = strings.playground;

export interface SaveCaseProps {
  readonly project: string;
  readonly path: string;
  readonly inputs: Record<string, unknown>;
  readonly answer: Answer | null;
  readonly onClose: () => void;
}

export function SaveCase({ project, path, inputs, answer, onClose }: SaveCaseProps) {
  const may = useCan('prompt:write', `${project}/${path}`);
  const [name, setName] = useState('');
  const [suite, setSuite] = useState('');
  const [expected, setExpected] = useState('');
  const [contains, setContains] = useState('');
  const save = useMutation({
    mutationFn: () =>
      data(api.POST('/api/v1/projects/{project}/playground/cases', {
        params: { path: { project } },
        body: { path, inputs, name: name || undefined, suite: suite || undefined, expected: expected || undefined, checks: contains === '' ? [] : [{ string: { contains } }] },
      })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: projectKey(project, 'suites') });
      await queries.invalidateQueries({ queryKey: projectKey(project, 'matrix') });
    },
  });
  return (
    <Modal opened={answer !== null} onClose={onClose} title={words.saveTitle} size="lg">
      {save.data ? (
        <Stack>
          <Alert color="teal" icon={<IconCheck size={18} />}>{words.saved(save.data.suite, save.data.cases)}</Alert>
          <Group><LinkButton href={links.suite(project, save.data.suite)}>{words.toSuite}</LinkButton><Button variant="default" onClick={onClose}>{strings.common.close}</Button></Group>
        </Stack>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
          <Stack>
            <Text size="sm" c="dimmed">{words.saveHelp}</Text>
            <Code block style={{ maxHeight: 140, overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(inputs, null, 2)}</Code>
            <TextInput label={words.caseName} description={words.caseNameHelp} maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <div>
              <Textarea label={words.expected} description={words.expectedHelp} autosize minRows={2} maxRows={8} value={expected} onChange={(event) => setExpected(event.currentTarget.value)} />
              {answer && <Button mt={6} size="compact-xs" variant="subtle" onClick={() => setExpected(answer.text)}>{words.useOutput}</Button>}
            </div>
            <TextInput label={words.check} description={words.checkHelp} value={contains} onChange={(event) => setContains(event.currentTarget.value)} />
            <TextInput label={words.suite} description={words.suiteHelp} value={suite} onChange={(event) => setSuite(event.currentTarget.value)} />
            {may?.allowed === false && <Text size="sm" c="dimmed">{`${may.reason} ${may.remedy}`}</Text>}
            <Refusal fault={save.error} />
            <Button type="submit" loading={save.isPending} disabled={may?.allowed === false}>{words.save}</Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
