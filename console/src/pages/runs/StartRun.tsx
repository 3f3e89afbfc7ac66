/** Start a test run: what, on which targets, with which cases; the server says first how many calls it is and what they can cost. */
import { Alert, Button, Checkbox, Group, Modal, MultiSelect, NumberInput, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, request } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { PlanOut, RunIn } from '@/api/schema';
import { links } from '@/links';
import { dollars, millionths } from '@/parts/money';
import { useGo } from '@/parts/navigate';
import { PromptPicker } from '@/parts/PromptPicker';
import { Refusal } from '@/parts/Refusal';
import { TargetPicker } from '@/parts/TargetPicker';
import { useVersionNumbers } from '@/parts/versions';
import { strings } from '@/strings';

const words = strings.runs;

export interface StartRunProps {
  readonly project: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly prompt?: string;
  readonly version?: string;
  /** Names, commas between. */
  readonly targets?: string;
}

export function StartRun({ opened, onClose, ...given }: StartRunProps) {
  return <Modal opened={opened} onClose={onClose} title={words.startTitle} size="lg">{opened && <Form {...given} />}</Modal>;
}

function Form({ project, prompt, version: askedVersion, targets: asked }: Omit<StartRunProps, 'opened' | 'onClose'>) {
  const go = useGo();
  const [path, setPath] = useState<string | null>(prompt ?? null);
  const [version, setVersion] = useState<string | null>(askedVersion ?? null);
  const [targets, setTargets] = useState<string[]>((asked ?? '').split(',').filter(Boolean));
  const [suites, setSuites] = useState<string[]>([]);
  const [repeat, setRepeat] = useState<string | number>(1);
  const [limit, setLimit] = useState<string | number>('');
  const [fresh, setFresh] = useState(false);
  const numbers = useVersionNumbers(project, path);
  const known = useQuery({
    queryKey: projectKey(project, 'suites', 'of', path),
    enabled: path !== null,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/suites', { params: { path: { project }, query: { path, limit: 100 } } })),
  });
  const body: RunIn = {
    path: path ?? '', version: version === null ? undefined : Number(version), targets, suites: suites.length === 0 ? undefined : suites, repeat: Number(repeat) || 1, max_cost: millionths(limit), fresh, dry_run: false,
  };
  const [settled] = useDebouncedValue(JSON.stringify(body), 300);
  const ready = path !== null && targets.length > 0;
  const plan = useQuery({
    queryKey: projectKey(project, 'plan', settled),
    enabled: ready && settled === JSON.stringify(body),
    retry: false,
    placeholderData: undefined,
    queryFn: async (): Promise<PlanOut> => {
      const answer = await request(`/api/v1/projects/${encodeURIComponent(project)}/runs`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...(JSON.parse(settled) as RunIn), dry_run: true }),
      });
      return (await answer.json()) as PlanOut;
    },
  });
  const start = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/runs', { params: { path: { project } }, body })),
    onSuccess: async (run) => {
      await queries.invalidateQueries({ queryKey: projectKey(project, 'runs') });
      if ('number' in run) go(links.run(project, run.number));
    },
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); start.mutate(); }}>
      <Stack>
        <Group grow align="start" preventGrowOverflow={false}>
          <PromptPicker project={project} value={path} autoFocus={prompt === undefined} onChange={(next) => { setPath(next); setVersion(null); setSuites([]); }} />
          <Select
            label={strings.testing.version} disabled={path === null} w={160} value={version ?? String(numbers[0] ?? '')} onChange={setVersion} allowDeselect={false}
            data={numbers.map((one, at) => ({ value: String(one), label: at === 0 ? strings.testing.newest(one) : strings.common.version(one) }))}
          />
        </Group>
        <TargetPicker project={project} value={targets} onChange={setTargets} />
        {known.data?.items.length === 0 && <Alert color="orange">{words.noSuites}</Alert>}
        {known.data && known.data.items.length > 1 && (
          <MultiSelect label={words.suites} description={words.suitesHelp} data={known.data.items.map(({ name, cases }) => ({ value: name, label: cases === null ? name : `${name} (${words.cases(cases)})` }))} value={suites} onChange={setSuites} />
        )}
        <Group grow align="start">
          <NumberInput label={words.repeat} description={words.repeatHelp} min={1} max={100} value={repeat} onChange={setRepeat} />
          <NumberInput label={words.limit} description={words.limitHelp} min={0} decimalScale={4} placeholder={strings.common.optional} value={limit} onChange={setLimit} />
        </Group>
        <Checkbox label={words.fresh} checked={fresh} onChange={(event) => setFresh(event.currentTarget.checked)} />
        <Plan plan={ready ? plan.data : undefined} waiting={ready} refused={plan.error} />
        <Refusal fault={start.error} />
        <Button type="submit" style={{ alignSelf: 'flex-end' }} disabled={!ready || plan.error !== null} loading={start.isPending}>{words.go}</Button>
      </Stack>
    </form>
  );
}

function Plan({ plan, waiting, refused }: { readonly plan: PlanOut | undefined; readonly waiting: boolean; readonly refused: unknown }) {
  if (waiting && refused) return <Refusal fault={refused} />;
  if (!plan) return <Text size="sm" c="dimmed" role="status">{waiting ? words.estimating : words.chooseFirst}</Text>;
  return (
    <Alert variant="light" color="gray" title={words.estimate} role="status">
      <Text size="sm">{`${words.calls(plan.calls)}, ${plan.most === null ? strings.testing.unknownPrice : words.most(dollars(plan.most))}`}</Text>
      <Text size="sm" c="dimmed">{plan.targets.map((target) => `${target.name}: ${target.most === null ? strings.testing.unknownPrice : dollars(target.most)}`).join(' · ')}</Text>
      <Text size="sm" c="dimmed">{plan.suites.map((suite) => `${suite.name} (${words.cases(suite.cases)})`).join(' · ')}</Text>
      {plan.unrenderable.length > 0 && (
        <Text size="sm" c="var(--warn)">{`${words.unrenderable(plan.unrenderable.length)}: ${plan.unrenderable.slice(0, 3).map((one) => [one.case, one.message ?? one.detail].filter(Boolean).join(': ')).join('; ')}`}</Text>
      )}
    </Alert>
  );
}
