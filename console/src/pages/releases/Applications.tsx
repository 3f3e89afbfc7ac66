/** The running applications of an environment: what each holds, how fast it got it, when it last gave a sign. */
import { Code, SegmentedControl } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { followersQuery, type Follower } from '@/api/releases';
import { Chip, ReleaseChip, type Tone } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import tables from '@/parts/parts.module.css';
import { Refusal } from '@/parts/Refusal';
import { duration, Time } from '@/parts/Time';
import { IconCheck, IconClock, IconQuestionMark } from '@tabler/icons-react';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;
const STATES = ['current', 'behind', 'silent'] as const;
const LOOKS = { current: ['good', IconCheck], behind: ['warn', IconClock], silent: ['idle', IconQuestionMark] } as const satisfies Record<Follower['state'], readonly [Tone, typeof IconCheck]>;

export function Applications({ project, environment }: { readonly project: string; readonly environment: string }) {
  const [query, set] = useAddressQuery();
  const state = STATES.find((one) => one === query.state);
  const summary = useQuery({ ...followersQuery(project, environment, 1), refetchInterval: 5_000 }).data?.summary;
  const list = usePages(projectKey(project, 'followers', environment, 'list', state), async (cursor) => {
    const page = await data(api.GET('/api/v1/projects/{project}/environments/{environment}/followers', { params: { path: { project, environment }, query: { state, cursor, limit: 100 } } }));
    return { items: page.items, next: page.next_cursor };
  });
  if (list.error) return <Refusal fault={list.error} />;
  if (!summary || !list.items) return <Waiting lines={10} />;
  if (summary.total === 0) {
    return <Empty icon={IconPlugConnectedX} title={words.followersNone} action={<Code block>{words.sdkLine(project, environment)}</Code>}>{words.followersHelp}</Empty>;
  }
  return (
    <>
      <div className={classes.summary}>
        <div className={classes.number}><strong>{summary.total.toLocaleString('en')}</strong>{words.followers.total}</div>
        {STATES.map((one) => <div key={one} className={classes.number}><strong>{summary[one].toLocaleString('en')}</strong>{words.followers[one]}</div>)}
        {summary.slowest_ms !== null && <div className={classes.number}><strong>{duration(summary.slowest_ms)}</strong>{`${words.slowest.toLowerCase()}, r${summary.release}`}</div>}
      </div>
      <div className={classes.bar}>
        <SegmentedControl size="xs" aria-label={words.filterState} value={state ?? ''} onChange={(value) => set({ state: value })} data={[{ value: '', label: words.anyState }, ...STATES.map((one) => ({ value: one, label: words.followers[one] }))]} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={tables.scroll} tabIndex={0} role="group" aria-label={words.followersTitle}>
        <table className={tables.table}>
          <thead><tr><th>{words.state}</th><th>{words.host}</th><th>{words.process}</th><th>{words.client}</th><th>{words.via}</th><th>{words.has}</th><th>{words.lag}</th><th>{words.lastSeen}</th></tr></thead>
          <tbody>{list.items.map((one) => <Row key={one.id} project={project} environment={environment} one={one} />)}</tbody>
        </table>
      </div>
      <MorePages query={list} />
    </>
  );
}

function Row({ project, environment, one }: { readonly project: string; readonly environment: string; readonly one: Follower }) {
  const [tone, icon] = LOOKS[one.state];
  return (
    <tr>
      <td><Chip tone={tone} icon={icon}>{words.followers[one.state]}</Chip></td>
      <td>{one.host}</td>
      <td>{one.process}</td>
      <td>{one.sdk}</td>
      <td>{one.via}</td>
      <td>{one.release > 0 ? <ReleaseChip project={project} environment={environment} number={one.release} /> : 'r0'}</td>
      <td>{one.lag_ms === null ? '–' : duration(one.lag_ms)}</td>
      <td><Time at={one.last_seen} /></td>
    </tr>
  );
}
