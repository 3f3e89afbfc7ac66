/** Bring prompts into a project: files, folders or text; what will be there, what is left behind, and what came of it. */
import { Alert, Button, Checkbox, Code, Group, Progress, Select, Stack, TextInput, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, request } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { ImportOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { useGo } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { DropPlace } from './DropPlace';
import { pieces, takeIn, type Taken } from './intake';
import type { Read } from './readDropped';
import parts from '@/parts/parts.module.css';
import classes from './home.module.css';

const words = strings.home.import;
const SHOWN = 200;
type Conflict = keyof typeof words.conflicts;
type Result = ImportOut['items'][number];

export function ImportPage() {
  const project = useProject();
  const go = useGo();
  const [files, setFiles] = useState<readonly Read[]>([]);
  const [module, setModule] = useState('');
  const [message, setMessage] = useState('');
  const [conflict, setConflict] = useState<Conflict>('version');
  const [allowInvalid, setAllowInvalid] = useState(false);
  const [sent, setSent] = useState(0);
  const can = useCan('write', `${project}/`);
  const { taken, left } = takeIn(files, module);
  const there = useQuery({
    queryKey: projectKey(project, 'prompts', 'there', module), enabled: taken.length > 0,
    queryFn: () => exists(project, taken.slice(0, SHOWN).map(({ path }) => path)),
  }).data;
  const run = useMutation({
    mutationFn: async (): Promise<Result[]> => {
      const results: Result[] = [];
      setSent(0);
      for (const piece of pieces(taken)) {
        const body = { prompts: piece.map(({ path, content }) => ({ path, content })), message: message.trim() || null, on_conflict: conflict, allow_invalid: allowInvalid };
        const answer = await request(`/api/v1/projects/${encodeURIComponent(project)}/imports`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() }, body: JSON.stringify(body) });
        results.push(...((await answer.json()) as ImportOut).items);
        setSent((before) => before + piece.length);
      }
      return results;
    },
    onSettled: () => { for (const key of ['prompts', 'tree', 'overview']) void queries.invalidateQueries({ queryKey: projectKey(project, key) }); },
  });
  if (run.data) return <Page title={words.title}><Done project={project} results={run.data} onAgain={() => { run.reset(); setFiles([]); }} /></Page>;
  return (
    <Page title={words.title} width="read">
      {can?.allowed === false && <Alert color="orange" mb="md">{can.reason} {can.remedy || words.notAllowed}</Alert>}
      <DropPlace onFiles={(more) => setFiles((before) => [...before.filter((one) => !more.some(({ name }) => name === one.name)), ...more])} />
      <p className={classes.reads}>{words.reads} <Code>{`promptops import FOLDER --project ${project} --format prompty`}</Code></p>
      {files.length > 0 && (
        <Stack>
          <Planned taken={taken} there={there} onLeave={(from) => setFiles((before) => before.filter(({ name }) => name !== from))} />
          {left.length > 0 && (
            <Alert color="orange" title={`${words.left}: ${left.length}`}>
              {left.slice(0, 20).map(({ from, reason }) => <div key={`${from} ${reason}`}><strong>{from}</strong>: {words.reasons[reason]}</div>)}
            </Alert>
          )}
          <Group grow align="start" preventGrowOverflow={false}>
            <TextInput label={words.module} description={words.moduleHelp} value={module} onChange={(event) => setModule(event.currentTarget.value)} miw={220} />
            <Select label={words.conflict} description={' '} allowDeselect={false} value={conflict} data={Object.entries(words.conflicts).map(([value, label]) => ({ value, label }))} onChange={(value) => setConflict((value ?? 'version') as Conflict)} miw={220} />
          </Group>
          <TextInput label={words.message} description={strings.common.optional} maxLength={500} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
          <Checkbox label={words.allowInvalid} checked={allowInvalid} onChange={(event) => setAllowInvalid(event.currentTarget.checked)} />
          <Refusal fault={run.error} />
          {run.isPending && <div role="status"><Progress value={(100 * sent) / Math.max(1, taken.length)} aria-label={words.working(sent, taken.length)} />{words.working(sent, taken.length)}</div>}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => go(links.prompts(project))}>{strings.common.cancel}</Button>
            <Button loading={run.isPending} disabled={taken.length === 0 || can?.allowed === false} onClick={() => run.mutate()}>{words.run(taken.length)}</Button>
          </Group>
        </Stack>
      )}
    </Page>
  );
}

/** Which of these paths hold a prompt now. */
async function exists(project: string, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const modules = [...new Set(paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))].slice(0, 20);
  const found = new Map<string, number>();
  for (const module of modules) {
    const page = await data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { module: module || undefined, limit: 200 } } }));
    for (const { path, version } of page.items) found.set(path, version);
  }
  return found;
}

interface PlannedProps {
  readonly taken: readonly Taken[];
  readonly there: ReadonlyMap<string, number> | undefined;
  readonly onLeave: (from: string) => void;
}

function Planned({ taken, there, onLeave }: PlannedProps) {
  if (taken.length === 0) return null;
  return (
    <div className={parts.scroll} style={{ maxHeight: 360 }}>
      <table className={parts.table}>
        <thead><tr><th>{words.path}</th><th>{words.state}</th><th>{words.file}</th><th><VisuallyHidden>{words.remove}</VisuallyHidden></th></tr></thead>
        <tbody>
          {taken.slice(0, SHOWN).map(({ path, from }) => (
            <tr key={path}>
              <td>{path}</td>
              <td>{there && (there.has(path) ? <Chip tone="warn">{`${words.exists} · v${there.get(path)}`}</Chip> : <Chip>{words.fresh}</Chip>)}</td>
              <td>{from}</td>
              <td><Button size="compact-xs" variant="subtle" aria-label={`${words.remove}: ${path}`} onClick={() => onLeave(from)}>{words.remove}</Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Done({ project, results, onAgain }: { readonly project: string; readonly results: readonly Result[]; readonly onAgain: () => void }) {
  const go = useGo();
  const count = (result: string): number => results.filter((one) => one.result === result).length;
  return (
    <Stack>
      <p role="status">{words.done(count('created'), count('updated'))}</p>
      <div className={parts.scroll}>
        <table className={parts.table}>
          <thead><tr><th>{words.path}</th><th>{words.result}</th><th>{words.why}</th></tr></thead>
          <tbody>
            {[...results].sort((a, b) => Number(b.result === 'refused') - Number(a.result === 'refused')).slice(0, SHOWN).map((one) => (
              <tr key={one.path}>
                <td>{one.result === 'refused' ? one.path : <AppLink href={links.prompt(project, one.path)}>{one.path}</AppLink>}</td>
                <td><Chip tone={one.result === 'refused' ? 'bad' : 'good'}>{words.results[one.result] ?? one.result}{one.version !== null && ` · v${one.version}`}</Chip></td>
                <td>{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group><Button onClick={() => go(links.prompts(project))}>{words.toPrompts}</Button><Button variant="default" onClick={onAgain}>{words.again}</Button></Group>
    </Stack>
  );
}
