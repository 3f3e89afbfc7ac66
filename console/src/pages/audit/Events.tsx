/** The events under the filters of the address, the chosen one in a panel at the side. */
import { Text } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { asked, type Entry } from './entry';
import { EventList } from './EventList';
import { EventPanel } from './EventPanel';
import { Filters } from './Filters';
import { useTail } from './useTail';
import classes from './audit.module.css';

const words = strings.audit;

export function Events({ project }: { readonly project: string | undefined }) {
  const [query, set] = useAddressQuery();
  const filters = asked(query, project);
  const key = project === undefined ? ['system', 'audit', filters] : projectKey(project, 'activity', 'audit', filters);
  const events = usePages(key, async (cursor) => {
    const page = await data(api.GET('/api/v1/audit/events', { params: { query: { ...filters, cursor, limit: 100 } } }));
    return { items: page.items as unknown as readonly Entry[], next: page.next };
  });
  const live = query.live === '1';
  const tail = useTail(filters, live);
  const known = new Set(events.items?.map((entry) => entry.seq));
  const items = [...tail.fresh.filter((entry) => !known.has(entry.seq)), ...(events.items ?? [])];
  const chosen = query.event === undefined ? undefined : Number(query.event);
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm" maw={760}>{words.lead}</Text>
      <Filters inProject={project !== undefined} />
      <Entity project={project} object={query.object} actor={query.actor} />
      {live && <Text size="sm" c="dimmed" mb={6} role="status">{tail.lost ? words.lost : words.listening}</Text>}
      <Refusal fault={events.error} onRetry={() => void events.refetch()} />
      {!events.items && !events.error && <Waiting lines={10} />}
      {events.items && items.length === 0 && <Empty icon={IconListSearch} title={words.empty}>{words.emptyHelp}</Empty>}
      {items.length > 0 && (
        <EventList items={items} chosen={chosen} onChoose={(seq) => set({ event: String(seq) }, { replace: chosen !== undefined })} more={events} />
      )}
      {chosen !== undefined && (
        <EventPanel project={project} seq={chosen} known={items.find((entry) => entry.seq === chosen)} onClose={() => set({ event: undefined })} />
      )}
    </>
  );
}

/** Says that the list is about one thing or person, and leads there. */
function Entity({ project, object, actor }: { readonly project: string | undefined; readonly object: string | undefined; readonly actor: string | undefined }) {
  if (!object && !actor) return null;
  const path = project !== undefined && object?.startsWith(`${project}/`) && !object.endsWith('*') ? object.slice(project.length + 1) : undefined;
  return (
    <div className={classes.entity}>
      {object ? words.entity.about(object) : words.entity.by(actor ?? '')}
      {project !== undefined && path && <AppLink href={links.prompt(project, path)}>{words.entity.openPrompt}</AppLink>}
      {project !== undefined && path && <AppLink href={links.evidence(project, path)}>{words.entity.evidence}</AppLink>}
      <AppLink href={links.audit(project)}>{words.entity.all}</AppLink>
    </div>
  );
}
