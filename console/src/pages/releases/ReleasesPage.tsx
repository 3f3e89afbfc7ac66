/** All releases of a project: over time, how fast they spread, and the list of all environments or one. */
import { Button, Select } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useEnvironments, type Environment, type Release } from '@/api/releases';
import { useProject } from '@/frame/roots';
import { useShortcut } from '@/frame/shortcuts';
import { links, withSheet } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo, useHref } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { ReleaseChart } from './ReleaseChart';
import { merged } from './merge';
import classes from './releases.module.css';
import { SpreadChart } from './SpreadChart';
import { Timeline } from './Timeline';

const words = strings.releases;
/** Releases of an environment asked for at once. */
const PAGE = 100;

export function ReleasesPage() {
  const project = useProject();
  const environments = useEnvironments(project);
  const here = useHref();
  const go = useGo();
  const publish = withSheet(here, { sheet: 'publish' });
  useShortcut('p', strings.prompt.publish, () => go(publish));
  return (
    <Page
      title={words.title}
      actions={(
        <>
          <LinkButton variant="default" href={links.compare(project)}>{words.compare}</LinkButton>
          <LinkButton href={publish} leftSection={<IconRocket size={16} />}>{words.publish}</LinkButton>
        </>
      )}
    >
      {environments ? <All project={project} environments={environments} /> : <Waiting lines={10} />}
    </Page>
  );
}

function All({ project, environments }: { readonly project: string; readonly environments: readonly Environment[] }) {
  const [query, set] = useAddressQuery();
  const here = useHref();
  const names = environments.map(({ name }) => name);
  const one = names.find((name) => name === query.environment);
  const asked = one === undefined ? names : [one];
  const [pages, setPages] = useState(1);
  const streams = useQueries({
    queries: asked.map((environment) => ({
      queryKey: projectKey(project, 'releases', environment, 'newest', pages),
      queryFn: async () => {
        const items: Release[] = [];
        let cursor: string | null = null;
        for (let page = 0; page < pages; page += 1) {
          const found: { readonly items: readonly Release[]; readonly next: string | null } = await data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases', { params: { path: { project, environment }, query: { limit: PAGE, cursor } } }));
          items.push(...found.items);
          cursor = found.next;
          if (cursor === null) break;
        }
        return { items, hasNext: cursor !== null };
      },
    })),
    combine: (found) => ({ loaded: found.map((each) => each.data ?? null), error: found.find(({ error }) => error)?.error, pending: found.some(({ isPending }) => isPending), fetching: found.some(({ isFetching }) => isFetching) }),
  });
  const { loaded } = streams;
  const items = useMemo(() => merged(loaded.filter((each) => each !== null)), [loaded]);
  const heads = Object.fromEntries(environments.map(({ name, release }) => [name, release]));
  const more = loaded.some((each) => each?.hasNext);
  if (streams.error) return <Refusal fault={streams.error} />;
  if (!streams.pending && items.length === 0 && one === undefined) {
    return <Empty icon={IconRocket} title={words.noneTitle} action={<LinkButton href={withSheet(here, { sheet: 'publish' })}>{words.publish}</LinkButton>}>{words.none}</Empty>;
  }
  return (
    <>
      <div className={classes.bar}>
        <Select aria-label={words.environment} data={[{ value: '', label: words.all }, ...names]} value={one ?? ''} allowDeselect={false} w={220} onChange={(name) => set({ environment: name ?? undefined })} />
      </div>
      {(streams.pending || items.length > 0) && (
        <div className={classes.charts}>
          <section className={`${classes.panel} ${classes.chart}`}><h2>{words.chartOverTime}</h2>{streams.pending ? <Waiting lines={8} /> : <ReleaseChart releases={items} environments={asked} />}</section>
          <section className={classes.panel}><h2>{words.chartSpread}</h2>{streams.pending ? <Waiting lines={1} /> : <SpreadChart project={project} environments={asked} />}</section>
        </div>
      )}
      {streams.pending ? <Waiting lines={10} /> : <Timeline project={project} items={items} named={one === undefined} heads={heads} />}
      {more && <div style={{ textAlign: 'center', padding: 16 }}><Button variant="subtle" loading={streams.fetching} onClick={() => setPages(pages + 1)}>{strings.common.more}</Button></div>}
    </>
  );
}
