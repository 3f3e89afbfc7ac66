/** From nothing to the first running application: a checklist whose ticks are read off the server. */
import { Button, Group, Select } from '@mantine/core';
import { IconCircle, IconCircleCheckFilled, IconCircleDot } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, data } from '@/api/client';
import { followerSummary } from '@/api/followers';
import { projectKey } from '@/api/queries';
import { useLiveProject } from '@/api/live';
import { links, withSheet } from '@/links';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { NewProject } from './NewProject';
import { SdkLine } from './SdkLine';
import { STEPS, statesOf, type Step, type StepState } from './steps';
import classes from './home.module.css';

const words = strings.home.welcome;
const LOOK_MS = 3000;

/** A role of tokens that may read what is live, and nothing else. */
const READER = 'delivery';

export function WelcomePage() {
  return <Welcome />;
}

export function Welcome() {
  const [{ project: named }, set] = useAddressQuery();
  const go = useGo();
  const projects = useQuery({ queryKey: ['projects', 'welcome'], queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 30 } } })) });
  const names = projects.data?.items ?? [];
  const project = names.find(({ name }) => name === named) ?? names.at(-1);
  const choice = names.length > 1 && (
    <Select size="xs" aria-label={strings.frame.switchProject} data={names.map(({ name, title }) => ({ value: name, label: title || name }))} value={project?.name ?? null} allowDeselect={false} onChange={(name) => set({ project: name ?? undefined })} />
  );
  return (
    <Page title={words.title} width="read" actions={choice}>
      <p className={classes.lead}>{words.lead}</p>
      {projects.error && <Refusal fault={projects.error} />}
      {!projects.data && !projects.error && <Waiting />}
      {projects.data && <Checklist key={project?.name ?? ''} project={project?.name} title={project?.title || project?.name || ''} onProject={(name) => go(`${links.welcome()}?project=${encodeURIComponent(name)}`)} />}
    </Page>
  );
}

interface ChecklistProps {
  readonly project: string | undefined;
  readonly title: string;
  readonly onProject: (name: string) => void;
}

function Checklist({ project, title, onProject }: ChecklistProps) {
  const go = useGo();
  useLiveProject(project);
  const name = project ?? '';
  const home = useQuery({
    queryKey: projectKey(name, 'overview'), enabled: project !== undefined, placeholderData: undefined, refetchInterval: LOOK_MS,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/overview', { params: { path: { project: name } } })),
  }).data;
  const place = home?.environments[0];
  const environment = place?.name ?? 'staging';
  const tokens = useQuery({
    queryKey: ['me', 'tokens', 'reading', name], enabled: project !== undefined,
    queryFn: () => data(api.GET('/api/v1/tokens', { params: { query: { limit: 100 } } })),
  }).data?.items ?? [];
  const running = useQuery({
    queryKey: projectKey(name, 'followers', 'summary', environment), enabled: place?.release !== null && place !== undefined, refetchInterval: LOOK_MS,
    queryFn: () => followerSummary(name, environment),
  }).data?.total ?? 0;
  const token = tokens.some((one) => one.role === READER && one.project === name && one.environment === environment && one.revoked_at === null);
  const states = statesOf({ project: project !== undefined, prompts: home?.prompts ?? 0, released: (place?.release ?? null) !== null, token, running });
  const here = links.project(name);

  const bodies: Record<Step, ReactNode> = {
    project: states.project === 'done' ? <p>{words.projectDone(title)}</p> : <><p>{words.projectHelp}</p><NewProject onDone={onProject} /></>,
    prompt: states.prompt === 'done' ? <p>{words.promptDone(home?.prompts ?? 0)}</p> : (
      <>
        <p>{words.promptHelp}</p>
        <Group>
          <Button onClick={() => go(links.newPrompt(name))}>{strings.home.first.write}</Button>
          <Button variant="default" onClick={() => go(links.importInto(name))}>{strings.home.first.import}</Button>
        </Group>
      </>
    ),
    publish: states.publish === 'done' ? <p>{words.publishDone(environment, place?.release?.number ?? 0)}</p> : (
      <><p>{words.publishHelp(environment)}</p><Button onClick={() => go(withSheet(here, { sheet: 'publish', to: environment }))}>{words.publish(environment)}</Button></>
    ),
    token: <><p>{states.token === 'done' ? words.tokenDone : words.tokenHelp(environment)}</p><SdkLine project={name} environment={environment} role={READER} /></>,
    connect: states.connect === 'done'
      ? <><p>{words.connectDone(running)}</p><Button onClick={() => go(here)}>{words.open}</Button></>
      : <><p>{words.connectHelp}</p><p role="status">{words.connectWait}</p></>,
  };
  return (
    <ol className={classes.steps}>
      {STEPS.map((step) => <StepLine key={step} state={states[step]} title={words.steps[step]}>{states[step] === 'later' ? null : bodies[step]}</StepLine>)}
    </ol>
  );
}

function StepLine({ state, title, children }: { readonly state: StepState; readonly title: string; readonly children: ReactNode }) {
  const Mark = state === 'done' ? IconCircleCheckFilled : state === 'now' ? IconCircleDot : IconCircle;
  return (
    <li data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <Mark size={22} aria-label={words[state]} />
      <div><h2>{title}</h2>{children}</div>
    </li>
  );
}
