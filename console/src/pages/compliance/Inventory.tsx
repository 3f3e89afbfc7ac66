/** All prompts with use case, tier and record; filters live in the address; whole files for download. */
import { Button, Menu, Select, Switch, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconDownload, IconFileCertificate, IconFileText, IconAlertTriangle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { InventoryItem } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip, TierChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Person } from '@/parts/Person';
import { Refusal } from '@/parts/Refusal';
import { save } from '@/parts/save';
import { date } from '@/parts/Time';
import { strings } from '@/strings';
import { csv, fits, htmlReport, report } from './files';
import parts from '@/parts/parts.module.css';
import classes from './compliance.module.css';

const words = strings.compliance.inventory;
const { tiers } = strings.compliance;
const ENOUGH = 30;

export function Inventory({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const module = query.module ?? '';
  const ask = (cursor: string | undefined) => data(api.GET('/api/v1/projects/{project}/inventory', { params: { path: { project }, query: { module, cursor, limit: 100 } } }));
  const list = usePages(projectKey(project, 'inventory', module), ask);
  const [read, setRead] = useState(0);
  const download = useMutation({
    mutationFn: async (kind: 'csv' | 'json' | 'md' | 'html') => {
      const all: InventoryItem[] = [];
      let cursor: string | undefined;
      do {
        const page = await ask(cursor);
        all.push(...page.items);
        setRead(all.length);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      const some = all.filter((item) => fits(item, query));
      const text = kind === 'csv' ? csv(some) : kind === 'json' ? JSON.stringify(some, null, 2) : kind === 'md' ? report(project, some, new Date()) : htmlReport(project, some, new Date());
      await save(new Response(text), `${project}-inventory.${kind}`);
    },
  });
  const items = list.items?.filter((item) => fits(item, query));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const found = items?.length ?? 0;
  const filtered = Boolean(query.q ?? query.tier ?? query.record ?? query.live);
  // Filters look at what was read: reading goes on until a page is full of what fits.
  useEffect(() => {
    if (filtered && found < ENOUGH && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [filtered, found, hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <>
      <Text size="sm" c="dimmed" maw={760}>{words.lead}</Text>
      <div className={classes.filters} role="search" aria-label={strings.common.filters}>
        <TextInput label={words.filter} placeholder={words.filterHelp} value={query.q ?? ''} onChange={(event) => set({ q: event.currentTarget.value })} />
        <Select label={words.tier} placeholder={words.any} clearable value={query.tier ?? null} data={Object.entries(tiers).map(([value, label]) => ({ value, label }))} onChange={(tier) => set({ tier: tier ?? undefined })} />
        <Select label={words.record} placeholder={words.any} clearable value={query.record ?? null} data={[{ value: 'complete', label: words.complete }, { value: 'incomplete', label: words.incompleteOnly }]} onChange={(record) => set({ record: record ?? undefined })} />
        <Switch label={words.liveOnly} py={8} checked={query.live === '1'} onChange={(event) => set({ live: event.currentTarget.checked ? '1' : undefined })} />
        <Menu position="bottom-end">
          <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} />} loading={download.isPending}>{words.download}</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => download.mutate('csv')}>{words.csv}</Menu.Item>
            <Menu.Item onClick={() => download.mutate('json')}>{words.json}</Menu.Item>
            <Menu.Item onClick={() => download.mutate('html')}>{words.page}</Menu.Item>
            <Menu.Item onClick={() => download.mutate('md')}>{words.report}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <Refusal fault={list.error ?? download.error} />
      {download.isPending && <Text size="sm" role="status">{words.downloading(read)}</Text>}
      {!items && !list.error && <Waiting lines={10} />}
      {items?.length === 0 && !list.hasNextPage && <Empty icon={IconFileText} title={list.items?.length === 0 ? words.empty : words.none} />}
      {items && items.length > 0 && (
        <>
          <Text size="sm" c="dimmed" mb={6} role="status">{words.shown(items.length, list.hasNextPage)}</Text>
          <div className={parts.scroll}>
            <table className={`${parts.table} ${parts.cards}`}>
              <thead><tr><th>{words.prompt}</th><th>{words.useCase}</th><th>{words.owner}</th><th>{words.tier}</th><th>{words.record}</th><th>{words.model}</th><th>{words.due}</th><th>{words.live}</th><th><VisuallyHidden>{words.evidence}</VisuallyHidden></th></tr></thead>
              <tbody>{items.map((item) => <Row key={item.address} project={project} item={item} />)}</tbody>
            </table>
          </div>
        </>
      )}
      <MorePages query={list} />
    </>
  );
}

function Row({ project, item }: { readonly project: string; readonly item: InventoryItem }) {
  return (
    <tr>
      <td><AppLink href={links.prompt(project, item.path, { tab: 'record' })}>{item.path}</AppLink> <span className={classes.soft}>{strings.common.version(item.version)}</span></td>
      <td data-label={words.useCase} style={{ whiteSpace: 'nowrap' }}>{item.use_case_id ?? '–'}</td>
      <td data-label={words.owner}>{item.owner ? <Person name={item.owner} /> : '–'}</td>
      <td data-label={words.tier}><TierChip tier={item.tier} /></td>
      <td data-label={words.record}>{item.complete ? <Chip tone="good" icon={IconCheck}>{words.complete}</Chip> : <Chip tone="warn" icon={IconAlertTriangle}>{words.incomplete(item.faults)}</Chip>}</td>
      <td data-label={words.model}>{item.model ?? '–'}</td>
      <td data-label={words.due} style={{ whiteSpace: 'nowrap' }}>{item.review_due === null ? '–' : date(item.review_due)}</td>
      <td data-label={words.live}><div className={classes.stack}>{item.live.map((at) => <span key={at.environment}><EnvironmentChip project={project} environment={at.environment} version={at.version} /></span>)}</div></td>
      <td data-label={words.evidence}><AppLink href={links.evidence(project, item.path, item.version)} title={words.evidence} aria-label={`${words.evidence}: ${item.path}`}><IconFileCertificate size={18} aria-hidden /></AppLink></td>
    </tr>
  );
}
