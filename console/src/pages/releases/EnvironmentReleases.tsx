/** An environment's releases, with those that wait for their time above. */
import { IconRocket } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { Environment } from '@/api/releases';
import { withSheet } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Empty } from '@/parts/Empty';
import { useHref } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { Scheduled } from './Scheduled';
import { Timeline } from './Timeline';

const words = strings.releases;

export function EnvironmentReleases({ project, environment }: { readonly project: string; readonly environment: Environment }) {
  const here = useHref();
  const { name, release } = environment;
  const releases = usePages(projectKey(project, 'releases', name, 'list'), (cursor) => data(api.GET('/api/v1/projects/{project}/environments/{environment}/releases', { params: { path: { project, environment: name }, query: { cursor } } })));
  return (
    <>
      <Scheduled project={project} environment={name} />
      <Refusal fault={releases.error} />
      {releases.isPending && <Waiting lines={10} />}
      {releases.items?.length === 0 && <Empty icon={IconRocket} title={words.noneTitle} action={<LinkButton href={withSheet(here, { sheet: 'publish', to: name })}>{words.publish}</LinkButton>}>{words.none}</Empty>}
      {releases.items && releases.items.length > 0 && <Timeline project={project} items={releases.items} heads={{ [name]: release }} />}
      <MorePages query={releases} />
    </>
  );
}
