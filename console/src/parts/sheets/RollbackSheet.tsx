/** Going back: one prompt, or the whole environment as after an earlier release; with the diff, in two clicks. */
import { Alert, Button, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { NoServer } from '@/api/problem';
import { projectKey } from '@/api/queries';
import { useEnvironments, type Environment } from '@/api/releases';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import { ChangeList } from './ChangeList';
import { EnvironmentChoice } from './EnvironmentChoice';
import { checklist } from './gate';
import { GateList } from './GateList';
import { Made } from './Made';
import { readPicks, readTarget, type Target } from './picks';
import { Problem } from './Problem';
import { PromptSearch } from './PromptSearch';
import { Reach } from './Reach';
import { hasReason, ReasonFields, type Why } from './ReasonFields';
import { Section, SheetFrame } from './SheetFrame';
import type { SheetProps } from './Sheets';
import classes from './sheets.module.css';
import { useRollback, useRollbackPreview } from './useRollback';

const words = strings.sheets;

export function RollbackSheet(props: SheetProps) {
  const environments = useEnvironments(props.project);
  const { prompts, in: where } = props;
  const [first] = readPicks(prompts);
  // Without an environment: the last one where the prompt is live, else the last one with a release.
  const live = useQuery({
    queryKey: projectKey(props.project, 'prompts', 'live-in', first?.path),
    enabled: where === undefined && first !== undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project: props.project }, query: { q: first?.path, limit: 20 } } })),
  });
  if (!environments || (where === undefined && first !== undefined && live.isPending)) return <SheetFrame title={words.rollback} close={props.close}><Waiting /></SheetFrame>;
  const places = live.data?.items.find(({ path }) => path === first?.path)?.live.map(({ environment }) => environment) ?? [];
  const environment = environments.find(({ name }) => name === where) ?? environments.findLast(({ name }) => places.includes(name)) ?? environments.findLast(({ release }) => release > 0) ?? environments.at(-1);
  if (!environment) return <SheetFrame title={words.rollback} close={props.close}><p className={classes.soft}>{words.noEnvironment}</p></SheetFrame>;
  return <Form {...props} environments={environments} environment={environment} />;
}

function Form({ project, prompts, to, change, close, environments, environment }: SheetProps & { readonly environments: readonly Environment[]; readonly environment: Environment }) {
  const [why, setWhy] = useState<Why>({ reason: '', ticket: '' });
  const [made, setMade] = useState<number | null>(null);
  const here = usePathname();
  const [pick] = readPicks(prompts);
  const path = pick?.path;
  const asked = readTarget(to);
  const [single, setSingle] = useState(path !== undefined || (asked !== null && 'version' in asked));
  // A whole environment goes back to a release: the one before, unless another is said.
  const target: Target = single ? (asked !== null && 'version' in asked ? asked : null) : asked !== null && 'release' in asked ? asked : { release: Math.max(0, environment.release - 1) };
  const complete = environment.release > 0 && (single ? path !== undefined : target !== null && 'release' in target && target.release < environment.release);
  const preview = useRollbackPreview(project, environment, single ? path : undefined, target, complete && made === null);
  const rollback = useRollback(project, environment.name);
  if (made !== null) return <Made project={project} environment={environment.name} number={made} close={close} undo={(number) => { setMade(null); setSingle(false); setWhy({ reason: '', ticket: '' }); change({ prompts: undefined, in: environment.name, to: `r${number}` }); }} />;

  const found = preview.data;
  const ready = found !== undefined && !preview.isFetching && found.allowed && found.prompts.length > 0 && hasReason(why);
  // No answer came: asked again exactly as it was, although the newest release may be another by now, it happens once.
  const unsure = rollback.error instanceof NoServer && rollback.variables?.why === why ? rollback.variables : null;
  const send = (): void => {
    const now = unsure ?? (found && { path: single ? path : undefined, target, why, on: found.on });
    if (now) rollback.mutate(now, { onSuccess: (release) => setMade(release.number) });
  };
  const aim = (text: string | undefined): void => {
    rollback.reset();
    change({ to: text });
  };
  const says = !complete ? '' : !found ? '' : found.prompts.length === 0 ? words.nothingChanges : !found.allowed ? words.gate.count(found.unmet.length) : hasReason(why) ? '' : words.reasonMissing;
  return (
    <SheetFrame
      title={words.rollbackTitle(single && path !== undefined ? `${path} (${environment.name})` : environment.name)}
      close={close}
      foot={(
        <>
          <div className={classes.footSays} aria-live="polite">{says}</div>
          <Button variant="default" onClick={close}>{strings.common.cancel}</Button>
          <Button disabled={!ready && unsure === null} loading={rollback.isPending} onClick={send}>{words.rollbackIn(environment.name)}</Button>
        </>
      )}
    >
      <Section title={words.where}><EnvironmentChoice environments={environments} value={environment.name} onChange={(name) => { rollback.reset(); change({ in: name, to: undefined }); }} /></Section>
      <Section title={words.what}>
        <SegmentedControl
          mb={12} size="xs" aria-label={words.what} value={single ? 'one' : 'all'} data={[{ value: 'one', label: words.onePrompt }, { value: 'all', label: words.everything }]}
          onChange={(kind) => {
            rollback.reset();
            setSingle(kind === 'one');
            change({ to: undefined });
          }}
        />
        {single ? (
          <>
            {path !== undefined && <p style={{ margin: '0 0 8px', fontSize: 14 }}>{path}</p>}
            {path === undefined ? <PromptSearch project={project} label={words.choosePrompt} environment={environment.name} onPick={(found) => change({ prompts: found, to: undefined })} /> : <VersionTarget project={project} path={path} target={target} onChange={aim} />}
          </>
        ) : <ReleaseTarget project={project} environment={environment} target={target} onChange={aim} />}
      </Section>
      {environment.release === 0 && <p className={classes.soft}>{words.nothingBefore}</p>}
      {complete && (
        <Section title={words.changes} aside={preview.isFetching ? words.checking : found && words.summary(found.prompts.length, 0)}>
          {preview.error && !preview.isFetching ? <Refusal fault={preview.error} /> : !found ? <Waiting lines={3} /> : (
            <>
              {found.prompts.length === 0 ? <p className={classes.soft}>{words.nothingChanges}</p> : <ChangeList project={project} items={found.prompts} />}
              {found.kept.length > 0 && <p className={classes.soft}>{`${words.kept(found.kept.length)}: ${found.kept.slice(0, 5).map(({ path: one, why: reason }) => `${one} (${reason})`).join('; ')}`}</p>}
              {found.unmet.length > 0 && <div style={{ marginTop: 12 }}><GateList groups={checklist(found.unmet, { project, environment, prompts: found.prompts, here }, true)} onField={() => undefined} /></div>}
            </>
          )}
        </Section>
      )}
      <Section title={words.reach}><Reach project={project} environment={environment.name} /></Section>
      <Section title={words.why}><ReasonFields why={why} onChange={setWhy} /></Section>
      {unsure !== null && <Alert mt={18} color="orange" role="alert">{words.unsure}</Alert>}
      <Problem fault={unsure === null ? rollback.error : null} project={project} environment={environment.name} onAgain={() => { rollback.reset(); void preview.refetch(); }} />
    </SheetFrame>
  );
}

interface TargetProps {
  readonly project: string;
  readonly target: Target;
  readonly onChange: (text: string | undefined) => void;
}

function VersionTarget({ project, path, target, onChange }: TargetProps & { readonly path: string }) {
  const versions = useQuery({
    queryKey: projectKey(project, 'versions', path, 'choice'),
    queryFn: async () => {
      const page = await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path }, query: { limit: 100 } } }));
      return 'items' in page ? page.items : [];
    },
  });
  const chosen = target !== null && 'version' in target ? String(target.version) : '';
  const listed = (versions.data ?? []).map(({ version, message }) => ({ value: String(version), label: `v${version} · ${message.split('\n')[0] ?? ''}` }));
  if (chosen !== '' && !listed.some(({ value }) => value === chosen)) listed.unshift({ value: chosen, label: `v${chosen}` });
  return <Select label={words.goBackTo} allowDeselect={false} data={[{ value: '', label: words.before }, ...listed]} value={chosen} onChange={(value) => onChange(value === null || value === '' ? undefined : value)} searchable={listed.length > 12} />;
}

function ReleaseTarget({ project, environment, target, onChange }: TargetProps & { readonly environment: Environment }) {
  const releases = useQuery({
    queryKey: projectKey(project, 'releases', environment.name, 'choice'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases', { params: { path: { project, environment: environment.name }, query: { limit: 100 } } })),
  });
  const chosen = target !== null && 'release' in target ? String(target.release) : null;
  const listed = (releases.data?.items ?? []).filter(({ number }) => number < environment.release).map(({ number, reason }) => ({ value: String(number), label: `${words.asAfter(number)} · ${reason.split('\n')[0] ?? ''}` }));
  if (chosen !== null && chosen !== '0' && !listed.some(({ value }) => value === chosen)) listed.unshift({ value: chosen, label: words.asAfter(Number(chosen)) });
  return <Select label={words.goBackTo} allowDeselect={false} data={[...listed, { value: '0', label: words.asAtStart }]} value={chosen} onChange={(value) => value !== null && onChange(`r${value}`)} searchable={listed.length > 12} />;
}
