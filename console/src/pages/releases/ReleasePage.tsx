/** One release: who, when, why, what it changed, how it spread, what vouches for it. */
import { Button } from '@mantine/core';
import { IconArrowBackUp, IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { request } from '@/api/client';
import { releaseQuery, useEnvironments, type Release } from '@/api/releases';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { useShortcut } from '@/frame/shortcuts';
import { links, withSheet } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { LinkButton } from '@/parts/LinkButton';
import { Chip, EnvironmentChip, PersonChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { useGo, useHref } from '@/parts/navigate';
import { Facts, Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { ChangeList } from '@/parts/sheets/ChangeList';
import { SpreadPanel } from '@/parts/spread/SpreadPanel';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;

export function ReleasePage() {
  const project = useProject();
  const { environment = '', number: text = '' } = useParams({ strict: false });
  const number = Number(text);
  const release = useQuery({ ...releaseQuery(project, environment, number), enabled: Number.isInteger(number) });
  const head = useEnvironments(project)?.find(({ name }) => name === environment)?.release;
  const here = useHref();
  const go = useGo();
  useShortcut('p', strings.prompt.publish, () => go(withSheet(here, { sheet: 'publish', to: environment })));
  const found = release.data;
  const isHead = head === number;
  const single = found?.changed === 1 ? found.prompts[0] : undefined;
  const rollback = withSheet(here, isHead ? { sheet: 'rollback', in: environment, ...(single ? { prompts: single.path } : { to: `r${number - 1}` }) } : { sheet: 'rollback', in: environment, to: `r${number}` });
  return (
    <Page
      title={`r${text}`}
      documentTitle={`r${text} ${environment}`}
      chips={(
        <>
          <EnvironmentChip project={project} environment={environment} />
          {found && <Chip>{words.kinds[found.kind] ?? found.kind}</Chip>}
          {isHead && <Chip tone="good">{words.isHead}</Chip>}
        </>
      )}
      actions={(
        <>
          <Evidence project={project} environment={environment} number={number} />
          <LinkButton variant="default" href={rollback} leftSection={<IconArrowBackUp size={16} />}>{isHead ? words.rollback : words.rollbackTo}</LinkButton>
        </>
      )}
      inspector={found && <Inspector project={project} release={found} head={head} />}
    >
      {release.error ? <Refusal fault={release.error} /> : !found ? <Waiting lines={10} /> : (
        <>
          <section className={classes.block}>
            <p style={{ margin: 0, fontSize: 16, lineHeight: '24px', overflowWrap: 'anywhere' }}>{found.reason}</p>
            <div className={classes.what} style={{ marginTop: 8 }}><PersonChip name={found.actor} />{found.ticket && <Chip>{found.ticket}</Chip>}<span className={classes.soft}><Time at={found.acknowledged_at} /></span></div>
          </section>
          <section className={classes.block}>
            <h2>{`${words.changes}: ${words.prompts(found.changed)}`}</h2>
            <ChangeList project={project} items={found.prompts} />
          </section>
          <section className={classes.block}>
            <h2>{words.spread}</h2>
            <SpreadPanel project={project} environment={environment} number={number} />
          </section>
        </>
      )}
    </Page>
  );
}

function Evidence({ project, environment, number }: { readonly project: string; readonly environment: string; readonly number: number }) {
  const can = useCan('evidence:read', project, environment);
  const part = encodeURIComponent;
  const load = useMutation({
    mutationFn: async () => {
      const answer = await request(`/api/v1/projects/${part(project)}/environments/${part(environment)}/releases/${number}/evidence`);
      const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? `${project}-${environment}-r${number}.zip`;
      const address = URL.createObjectURL(await answer.blob());
      const link = document.createElement('a');
      link.href = address;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<IconDownload size={16} />} loading={load.isPending} disabled={can?.allowed === false} title={can?.allowed === false ? can.reason : undefined} onClick={() => load.mutate()}>{words.evidence}</Button>
      {load.error && <div style={{ flexBasis: '100%' }}><Refusal fault={load.error} /></div>}
    </>
  );
}

function Inspector({ project, release, head }: { readonly project: string; readonly release: Release; readonly head: number | undefined }) {
  const { environment, number, kind, actor, acknowledged_at: at, ticket, commit, delivery, seal } = release;
  return (
    <Facts title={words.facts}>
      <dl className={classes.facts}>
        <dt>{words.environment}</dt><dd><AppLink href={links.environment(project, environment)}>{environment}</AppLink></dd>
        <dt>{words.kind}</dt><dd>{words.kinds[kind] ?? kind}</dd>
        <dt>{words.who}</dt><dd><Person name={actor} /></dd>
        <dt>{words.when}</dt><dd><Time at={at} exact /></dd>
        {ticket && <><dt>{words.ticket}</dt><dd>{ticket}</dd></>}
        {delivery && <><dt>{words.delivery}</dt><dd>{words.deliveries[delivery] ?? delivery}</dd></>}
        <dt>{words.commit}</dt><dd><code title={commit}>{commit.slice(0, 12)}</code></dd>
        {seal && <><dt>{words.key}</dt><dd><code>{seal.key}</code></dd><dt>{words.seal}</dt><dd><code title={seal.hash}>{`${seal.hash.slice(0, 16)}…`}</code></dd></>}
        {number > 1 && <><dt>{words.previous}</dt><dd><AppLink href={links.release(project, environment, number - 1)}>{`r${number - 1}`}</AppLink></dd></>}
        {head !== undefined && number < head && <><dt>{words.next}</dt><dd><AppLink href={links.release(project, environment, number + 1)}>{`r${number + 1}`}</AppLink></dd></>}
      </dl>
    </Facts>
  );
}
