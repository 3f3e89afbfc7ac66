/** What is live, now or at a past moment: a table that stays quick with thousands of prompts. */
import { useQuery } from '@tanstack/react-query';
import { IconBolt } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { Environment } from '@/api/releases';
import { withSheet } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useHref } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { drifts } from './drift';
import { LiveTable } from './LiveTable';
import { PastBar } from './PastBar';

const words = strings.releases;
const PAGE = 200;

export function LiveNow({ project, environment }: { readonly project: string; readonly environment: Environment }) {
  const [query, set] = useAddressQuery();
  const here = useHref();
  const { name } = environment;
  const at = query.at;
  const side = at === undefined ? name : `${name}@${at}`;
  const params = (cursor: string | undefined) => ({ params: { path: { project, environment: name }, query: { at, cursor, limit: PAGE } } });
  const live = usePages(projectKey(project, 'environments', name, 'live', at), (cursor) => data(api.GET('/api/v1/projects/{project}/environments/{environment}', params(cursor))));
  // One page tells which release this moment means.
  const moment = useQuery({
    queryKey: projectKey(project, 'environments', name, 'at', at),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment: name }, query: { at, limit: 1 } } })),
  });
  const newest = usePages(
    projectKey(project, 'compare', side, 'main'),
    (cursor) => data(api.GET('/api/v1/projects/{project}/compare', { params: { path: { project }, query: { from: side, to: 'main', limit: 500, cursor } } })),
    environment.release > 0,
  );
  const known = drifts(newest.items ?? [], newest.hasNextPage || !newest.items);
  return (
    <>
      {environment.release > 0 && <PastBar project={project} environment={environment} at={at} release={moment.data?.at.release} moment={moment.data?.at.acknowledged_at} onMove={(to) => set({ at: to })} />}
      {live.error ? <Refusal fault={live.error} /> : live.items?.length === 0 ? (
        <Empty
          icon={IconBolt} title={at === undefined ? words.nothingLive : words.nothingLiveThen}
          action={at === undefined ? <LinkButton href={withSheet(here, { sheet: 'publish', to: name })}>{words.publish}</LinkButton> : undefined}
        >
          {at === undefined ? words.nothingLiveHelp : undefined}
        </Empty>
      ) : live.items ? (
        <LiveTable
          project={project} environment={name} items={live.items} drift={known} past={at !== undefined}
          onEnd={() => {
            if (live.hasNextPage && !live.isFetchingNextPage) void live.fetchNextPage();
            if (newest.hasNextPage && !newest.isFetchingNextPage) void newest.fetchNextPage();
          }}
        />
      ) : <Waiting lines={10} />}
    </>
  );
}
