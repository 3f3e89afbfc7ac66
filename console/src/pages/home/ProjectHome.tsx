/** A project's home: what is live where, what waits, what happened. */
import { Button } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { OverviewOut } from '@/api/schema';
import { useProject } from '@/frame/roots';
import { links, withSheet } from '@/links';
import { ActivityList } from '@/parts/ActivityList';
import { AppLink } from '@/parts/AppLink';
import { useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { EnvironmentCard } from './EnvironmentCard';
import { FirstRun } from './FirstRun';
import { ReleaseChart } from './ReleaseChart';
import classes from './home.module.css';

const words = strings.home.project;

export function ProjectHome() {
  const project = useProject();
  const go = useGo();
  const overview = useQuery({
    queryKey: projectKey(project, 'overview'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/overview', { params: { path: { project } } })),
  });
  const home = overview.data?.project === project ? overview.data : undefined;
  const actions = home && home.prompts > 0 && (
    <>
      <Button variant="default" onClick={() => go(links.newPrompt(project))}>{words.newPrompt}</Button>
      <Button leftSection={<IconRocket size={16} />} onClick={() => go(withSheet(links.project(project), { sheet: 'publish' }))}>{words.publish}</Button>
    </>
  );
  return (
    <Page title={home?.title || project} documentTitle={home?.title || project} actions={actions}>
      {home?.description && <p className={classes.lead}>{home.description}</p>}
      {!home && overview.error && <Refusal fault={overview.error} onRetry={() => void overview.refetch()} />}
      {!home && !overview.error && <Waiting lines={8} />}
      {home && home.prompts === 0 && <FirstRun project={project} />}
      {home && home.prompts > 0 && <Figures home={home} />}
      {home && (
        <section className={classes.part} aria-labelledby="live-where">
          <h2 id="live-where">{words.environments}</h2>
          <div className={classes.environments}>{home.environments.map((place) => <EnvironmentCard key={place.name} project={project} place={place} />)}</div>
        </section>
      )}
      {home && (
        <div className={classes.columns}>
          <section className={classes.part} aria-labelledby="what-happened">
            <h2 id="what-happened">{words.activity}<AppLink href={links.audit(project)}>{words.allActivity}</AppLink></h2>
            <ActivityList project={project} items={home.activity} />
          </section>
          {home.environments.some(({ release }) => release !== null) && (
            <section className={classes.part} aria-labelledby="releases-over-time">
              <h2 id="releases-over-time">{words.releases}</h2>
              <ReleaseChart project={project} environments={home.environments.map(({ name }) => name)} />
            </section>
          )}
        </div>
      )}
    </Page>
  );
}

function Figures({ home }: { readonly home: OverviewOut }) {
  const project = home.project;
  const number = ({ number: count, more }: { number: number; more: boolean }): string => `${count.toLocaleString('en')}${more ? '+' : ''}`;
  const figures = [
    { label: words.prompts, value: home.prompts.toLocaleString('en'), href: links.prompts(project) },
    { label: words.requests, value: number(home.open_requests), href: links.reviews(project) },
    { label: words.work, value: number(home.work), href: links.work() },
    { label: words.drafts, value: home.drafts.toLocaleString('en'), href: links.prompts(project, { state: 'draft' }) },
    ...(home.invalid > 0 ? [{ label: words.invalid, value: home.invalid.toLocaleString('en'), href: links.prompts(project, { valid: 'false' }) }] : []),
  ];
  return (
    <ul className={classes.figures}>
      {figures.map(({ label, value, href }) => <li key={label}><AppLink plain href={href}><strong>{value}</strong><span>{label}</span></AppLink></li>)}
    </ul>
  );
}
