/** Try a prompt on several models at once; answers stream beside each other. Nothing is kept unless it is saved as a case. */
import { Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, request } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { Empty } from '@/parts/Empty';
import { dollars, millionths } from '@/parts/money';
import { useAddressQuery } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { PromptPicker } from '@/parts/PromptPicker';
import { Refusal } from '@/parts/Refusal';
import { TargetPicker } from '@/parts/TargetPicker';
import { useVersionNumbers } from '@/parts/versions';
import { strings } from '@/strings';
import { AnswerCard } from './AnswerCard';
import { declaredIn, valuesOf, withMore } from './inputs';
import type { Answer } from './play';
import { SaveCase } from './SaveCase';
import { usePlay } from './usePlay';
import { Variables } from './Variables';
import classes from './playground.module.css';

const words = strings.playground;
const MOST_TARGETS = 10;
const OWN = 'own';

export function PlaygroundPage() {
  const project = useProject();
  const [query, setQuery] = useAddressQuery();
  const path = query.prompt ?? null;
  const may = useCan('test:run', path === null ? project : `${project}/${path}`);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [limit, setLimit] = useState<string | number>('');
  const [saving, setSaving] = useState<Answer | null>(null);
  const { play, running, fault, start, stop } = usePlay(project);
  const { file, versions, copy } = usePrompt(project, path, query.version);
  const own = query.copy !== undefined && copy !== undefined;
  const asked = isProblem(fault) && typeof fault.problem.input === 'string' ? [fault.problem.input] : [];
  const declared = withMore(declaredIn(file), asked);
  const { values, wrong } = valuesOf(declared, typed);
  const targets = (query.targets ?? '').split(',').filter(Boolean);
  const ready = path !== null && targets.length > 0 && wrong.size === 0 && may?.allowed !== false && (query.copy === undefined || own);
  const go = (): void => {
    const at = own || !query.version ? path : `${path}@${query.version}`;
    void start({ path: at ?? '', content: own ? copy : undefined, inputs: values, targets, max_cost: millionths(limit) });
  };
  const choices = [...(copy === undefined ? [] : [{ value: OWN, label: words.own }]), ...versions.map((number, at) => ({ value: String(number), label: at === 0 ? strings.testing.newest(number) : strings.common.version(number) }))];
  return (
    <Page title={words.title}>
      <Text c="dimmed" size="sm" mb="md">{words.lead}</Text>
      <div className={classes.layout}>
        <form onSubmit={(event) => { event.preventDefault(); go(); }}>
          <Stack>
            <PromptPicker project={project} value={path} onChange={(next) => setQuery({ prompt: next ?? undefined, version: undefined, copy: undefined })} />
            {path !== null && (
              <Select
                label={strings.testing.version} allowDeselect={false} data={choices} value={query.copy !== undefined ? OWN : query.version ?? String(versions[0] ?? '')}
                onChange={(next) => setQuery(next === OWN ? { copy: '1', version: undefined } : { copy: undefined, version: next === String(versions[0]) ? undefined : next ?? undefined })}
              />
            )}
            {path !== null && <Variables declared={declared} typed={typed} wrong={wrong} onChange={(name, value) => setTyped({ ...typed, [name]: value })} />}
            <TargetPicker project={project} value={targets} most={MOST_TARGETS} onChange={(names) => setQuery({ targets: names.join(',') })} />
            <NumberInput label={words.limit} min={0} decimalScale={4} placeholder={strings.common.optional} value={limit} onChange={setLimit} />
            {may?.allowed === false && <Text size="sm" c="dimmed">{`${may.reason} ${may.remedy}`}</Text>}
            <Refusal fault={fault} />
            <Group className={classes.go}>
              {running
                ? <Button type="button" variant="default" leftSection={<IconPlayerStop size={16} />} onClick={stop}>{words.stop}</Button>
                : <Button type="submit" disabled={!ready} leftSection={<IconPlayerPlay size={16} />}>{play ? words.again : words.run}</Button>}
            </Group>
          </Stack>
        </form>
        <div>
          {play === null ? <Empty icon={IconPlayerPlay} title={words.choose}>{words.chooseHelp}</Empty> : (
            <>
              <div className={classes.answers}>{play.answers.map((answer) => <AnswerCard key={answer.target} answer={answer} onSave={() => setSaving(answer)} />)}</div>
              {play.cost !== undefined && <Text size="sm" c="dimmed" mt="sm" role="status">{play.cost === null ? words.totalUnknown : words.total(dollars(play.cost))}</Text>}
            </>
          )}
        </div>
      </div>
      {path !== null && <SaveCase key={saving?.target ?? ''} project={project} path={path} inputs={values} answer={saving} onClose={() => setSaving(null)} />}
    </Page>
  );
}

/** The prompt's file for its declared variables, its versions, and one's own working copy where there is one. */
function usePrompt(project: string, path: string | null, version: string | undefined) {
  const at = version ? `${path}@${version}` : path ?? '';
  const file = useQuery({
    queryKey: projectKey(project, 'prompts', 'file', at),
    enabled: path !== null,
    placeholderData: undefined,
    queryFn: async (): Promise<unknown> => {
      const where = at.split('/').map(encodeURIComponent).join('/').replaceAll('%40', '@');
      return (await request(`/api/v1/projects/${encodeURIComponent(project)}/prompts/${where}`, { headers: { Accept: 'application/json' } })).json();
    },
  });
  const versions = useVersionNumbers(project, path);
  const copy = useQuery({
    queryKey: projectKey(project, 'working-copies', path, 'text'),
    enabled: path !== null,
    placeholderData: undefined,
    queryFn: async (): Promise<string | null> => {
      const { items } = await data(api.GET('/api/v1/projects/{project}/working-copies', { params: { path: { project }, query: { path: path ?? undefined } } }));
      if (items.length === 0) return null;
      try {
        return (await data(api.GET('/api/v1/projects/{project}/working-copies/{path}', { params: { path: { project, path: path ?? '' } } }))).text;
      } catch (fault) {
        if (isProblem(fault, 404)) return null;
        throw fault;
      }
    },
  });
  return { file: file.data, versions, copy: copy.data ?? undefined };
}
