/** My work: what waits for me in all projects, grouped by what is to be done. */
import { IconCoffee } from '@tabler/icons-react';
import { useRef } from 'react';
import { api, data } from '@/api/client';
import type { WorkOut } from '@/api/schema';
import { AppLink } from '@/parts/AppLink';
import { Chip, TierChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { useRowKeys } from '@/parts/useRows';
import { strings } from '@/strings';
import { groupsOf, hrefOf, saidOf } from './work';
import classes from './reviews.module.css';

const words = strings.reviews.work;

export function WorkPage() {
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list);
  const work = usePages(['me', 'work', 'list'], (cursor) => data(api.GET('/api/v1/me/work', { params: { query: { cursor, limit: 100 } } })));
  return (
    <Page title={words.title} width="read">
      <Refusal fault={work.error} onRetry={() => void work.refetch()} />
      {work.isPending && <Waiting />}
      {work.items?.length === 0 && !work.hasNextPage && <Empty icon={IconCoffee} title={words.none}>{words.noneMore}</Empty>}
      <div ref={list} aria-label={words.listLabel} role="group">
        {groupsOf(work.items ?? []).map(({ kind, items }) => (
          <section key={kind} aria-labelledby={`kind-${kind}`}>
            <h2 id={`kind-${kind}`} className={classes.group}>{words.kinds[kind]} <span className={classes.soft}>{items.length}</span></h2>
            <div className={classes.list} role="list">{items.map((item) => <Row key={`${item.project} ${item.path} ${item.version} ${item.request} ${item.since}`} item={item} />)}</div>
          </section>
        ))}
      </div>
      <MorePages query={work} />
    </Page>
  );
}

/** Of these the heading says what waits; the server's sentence would only say it again. */
const STEPS: readonly string[] = ['review', 'validate', 'approve'];

function Row({ item }: { readonly item: WorkOut }) {
  const overdue = item.due !== null && new Date(item.due) < new Date();
  return (
    <div role="listitem">
      <AppLink plain data-row className={classes.row} href={hrefOf(item)}>
        <span className={classes.what}>
          <span className={classes.path}><span className={classes.soft}>{item.project} / </span>{item.path || item.project} {item.version !== null && <span className={classes.soft}>{strings.common.version(item.version)}</span>}</span>
          <span className={classes.soft}>{STEPS.includes(item.kind) && item.request !== null ? words.request(item.request) : saidOf(item)}</span>
        </span>
        <span className={classes.chips}>
          {item.due === null ? <span className={classes.soft}>{words.since} <Time at={item.since} /></span> : <span className={overdue ? classes.overdue : classes.soft}>{overdue ? words.overdue : words.due} <Time at={item.due} /></span>}
          {item.asked && <Chip tone="good">{words.asked}</Chip>}
          {item.tier !== null && <TierChip tier={item.tier} />}
        </span>
      </AppLink>
    </div>
  );
}
