/** Bring prompts into a project: files, folders, archives or text of any format that is read; what importing would do first, then what it did. */
import { Alert, Button, Group, Progress, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { request } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { ConvertOut, ImportOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { DropPlace } from './DropPlace';
import { ImportDone, type Result } from './ImportDone';
import { ImportOptions, START, type Options } from './ImportOptions';
import { ImportPlan, keyOf, NotComing } from './ImportPlan';
import { comes, MOST_TOGETHER, pieces, type Read } from './intake';
import { MOST_FILES } from './readDropped';
import classes from './home.module.css';

const words = strings.home.import;

async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const answer = await request(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

export function ImportPage() {
  const project = useProject();
  const go = useGo();
  const [{ files, stamp }, setFiles] = useState<{ readonly files: readonly Read[]; readonly stamp: number }>({ files: [], stamp: 0 });
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set());
  const [options, setOptions] = useState<Options>(START);
  const [asked] = useDebouncedValue(options, 300);
  const [sent, setSent] = useState(0);
  const can = useCan('write', `${project}/`);
  const mayNot = can?.allowed === false;
  const url = `/api/v1/projects/${encodeURIComponent(project)}/imports`;
  const fit = files.filter(({ unfit }) => unfit === undefined);
  const together = fit.reduce((sum, { content }) => sum + content.length, 0);
  const tooMuch = together > MOST_TOGETHER || fit.length > MOST_FILES;
  const { message, ...reading } = asked;
  const look = useQuery({
    queryKey: projectKey(project, 'prompts', 'import', stamp, reading),
    enabled: fit.length > 0 && !mayNot && !tooMuch,
    placeholderData: keepPreviousData, gcTime: 0, staleTime: Infinity, retry: false, structuralSharing: false,
    queryFn: () => post<ConvertOut>(`${url}/convert`, { ...reading, files: fit.map(({ name, content, encoding }) => ({ name, content, encoding })) }),
  });
  const plan = fit.length > 0 ? look.data : undefined;
  const coming = (plan?.items ?? []).filter((item) => comes(item) && !without.has(keyOf(item)));
  const run = useMutation({
    mutationFn: async (): Promise<Result[]> => {
      const results: Result[] = [];
      setSent(0);
      for (const piece of pieces(coming)) {
        const body = { prompts: piece.map(({ path, content }) => ({ path, content })), message: message.trim() || null, on_conflict: reading.on_conflict, allow_invalid: reading.allow_invalid };
        results.push(...(await post<ImportOut>(url, body, { 'Idempotency-Key': crypto.randomUUID() })).items);
        setSent((before) => before + piece.length);
      }
      return results;
    },
    onSettled: () => { for (const key of ['prompts', 'tree', 'overview']) void queries.invalidateQueries({ queryKey: projectKey(project, key) }); },
  });
  const restart = (): void => {
    run.reset();
    setFiles(({ stamp: before }) => ({ files: [], stamp: before + 1 }));
    setWithout(new Set());
  };
  if (run.data) return <Page title={words.title}><ImportDone project={project} results={run.data} onAgain={restart} /></Page>;
  const settling = look.isFetching || asked !== options;
  return (
    <Page title={words.title}>
      {mayNot && <Alert color="orange" mb="md">{can.reason} {can.remedy || words.notAllowed}</Alert>}
      <DropPlace small={files.length > 0} onFiles={(more) => setFiles((before) => ({ files: [...before.files.filter((one) => !more.some(({ name }) => name === one.name)), ...more], stamp: before.stamp + 1 }))} />
      <p className={classes.reads}>{words.reads}</p>
      {files.length > 0 && (
        <Stack>
          <ImportOptions value={options} onChange={setOptions} tables={plan?.tables ?? []} />
          {tooMuch && <Alert color="red" role="alert">{words.tooMuch}</Alert>}
          <Refusal fault={look.error} />
          {plan === undefined && look.isFetching && <Waiting lines={6} />}
          {plan && (
            <ImportPlan
              project={project} items={plan.items} left={plan.left.length} without={without} settling={settling}
              onTurn={(key) => setWithout((before) => { const after = new Set(before); if (!after.delete(key)) after.add(key); return after; })}
            />
          )}
          <NotComing left={plan?.left ?? []} unfit={files} />
          <Refusal fault={run.error} />
          {run.isPending && <div role="status"><Progress value={(100 * sent) / Math.max(1, coming.length)} aria-label={words.working(sent, coming.length)} />{words.working(sent, coming.length)}</div>}
          <Group justify="flex-end">
            <Button variant="default" onClick={restart}>{words.startOver}</Button>
            <Button variant="default" onClick={() => go(links.prompts(project))}>{strings.common.cancel}</Button>
            <Button loading={run.isPending} disabled={coming.length === 0 || mayNot || settling} onClick={() => run.mutate()}>{coming.length === 0 && plan ? words.nothing : words.run(coming.length)}</Button>
          </Group>
        </Stack>
      )}
    </Page>
  );
}
