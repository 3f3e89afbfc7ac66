/** The requests for review of a project: open ones, those that ask me, mine, all; filters live in the address. */
import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconClipboardCheck, IconPlus } from '@tabler/icons-react';
import { useRef } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { Empty } from '@/parts/Empty';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { useAddressQuery } from '@/parts/navigate';
import { useRowKeys } from '@/parts/useRows';
import { strings } from '@/strings';
import { NewReview } from './NewReview';
import { RequestRow } from './RequestRow';
import { isState, isTab, TABS } from './filters';
import classes from './reviews.module.css';

const words = strings.reviews;

export function ReviewsPage() {
  const project = useProject();
  const [{ show, state, under, new: asking }, set] = useAddressQuery();
  const tab = isTab(show) ? show : 'open';
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list);
  const requests = usePages(projectKey(project, 'reviews', 'list', tab, state, under), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/reviews', {
      params: {
        path: { project },
        query: {
          cursor, under, state: isState(state) ? state : undefined,
          open: tab === 'open' || tab === 'asked' ? true : undefined, mine: tab === 'mine' ? true : undefined, asked: tab === 'asked' ? true : undefined,
        },
      },
    })));
  const narrow = useDebouncedCallback((text: string) => set({ under: text.trim() }), 300);
  const filtered = Boolean(state ?? under) || tab !== 'open';
  return (
    <Page
      title={words.title}
      actions={<Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => set({ new: '1' })}>{words.ask}</Button>}
      tabs={TABS.map((name) => ({ label: words.tabs[name], active: name === tab, href: links.reviews(project, { show: name === 'open' ? undefined : name, under }) }))}
    >
      <div className={classes.filters}>
        <TextInput aria-label={words.under} placeholder={words.under} key={under ?? ''} defaultValue={under ?? ''} onChange={(event) => narrow(event.currentTarget.value)} w={240} />
        {(tab === 'all' || tab === 'mine') && (
          <Select aria-label={words.state} placeholder={words.anyState} clearable w={190} value={isState(state) ? state : null} data={Object.entries(words.states).map(([value, label]) => ({ value, label }))} onChange={(value) => set({ state: value ?? undefined })} />
        )}
        {Boolean(state ?? under) && <Button variant="subtle" onClick={() => set({ state: undefined, under: undefined })}>{strings.common.clearFilters}</Button>}
      </div>
      <Refusal fault={requests.error} onRetry={() => void requests.refetch()} />
      {requests.isPending && <Waiting />}
      {requests.items?.length === 0 && (
        <Empty icon={IconClipboardCheck} title={filtered ? words.noneMatch : words.none} action={<Button variant="default" onClick={() => set({ new: '1' })}>{words.ask}</Button>}>{words.noneMore}</Empty>
      )}
      <div ref={list} className={classes.list} aria-label={words.listLabel} role="list">
        {requests.items?.map((request) => <RequestRow key={request.request} request={request} />)}
      </div>
      <MorePages query={requests} />
      {asking !== undefined && <NewReview project={project} prompt={asking === '1' ? '' : asking} onClose={() => set({ new: undefined })} />}
    </Page>
  );
}
