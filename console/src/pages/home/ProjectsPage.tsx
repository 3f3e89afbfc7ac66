/** All projects the person may see, as cards or a table, with search; an empty installation leads to its set-up. */
import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFolder, IconFolderPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import type { ProjectOut } from '@/api/schema';
import { useMe } from '@/api/session';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { findQuickly } from '@/parts/hits';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { NewProject } from './NewProject';
import { Welcome } from './WelcomePage';
import classes from './home.module.css';
import parts from '@/parts/parts.module.css';

const words = strings.home.projects;
type Shown = Pick<ProjectOut, 'name' | 'title' | 'description'> & { created_at?: string };

export function ProjectsPage() {
  const [{ q = '', view = 'cards', new: making }, set] = useAddressQuery();
  const go = useGo();
  const me = useMe();
  const projects = usePages(['projects', 'list'], (cursor) => data(api.GET('/api/v1/projects', { params: { query: { cursor, limit: 60 } } })));
  const found = useQuery({ queryKey: ['search', 'projects', q], enabled: q !== '' && projects.hasNextPage, queryFn: () => findQuickly(q) });
  if (projects.items?.length === 0 && me?.admin) return <Welcome />;
  const like = q.toLowerCase();
  const near: readonly Shown[] = (projects.items ?? []).filter(({ name, title, description }) => `${name} ${title} ${description}`.toLowerCase().includes(like));
  const far: readonly Shown[] = q === '' ? [] : (found.data?.items ?? []).filter((hit) => hit.kind === 'project' && !near.some(({ name }) => name === hit.project))
    .map((hit) => ({ name: hit.project, title: hit.title, description: hit.subtitle }));
  const items = [...near, ...far];
  const close = (): void => set({ new: undefined });
  return (
    <Page title={words.title} actions={me?.admin && <Button leftSection={<IconFolderPlus size={16} />} onClick={() => set({ new: 'project' })}>{words.create}</Button>}>
      <div className={classes.tools}>
        <FindField label={words.find} q={q} onFind={(text) => set({ q: text })} />
        <SegmentedControl size="xs" aria-label={words.view} value={view} onChange={(value) => set({ view: value === 'cards' ? undefined : value })} data={[{ value: 'cards', label: words.cards }, { value: 'table', label: words.table }]} />
      </div>
      <Refusal fault={projects.error} />
      {projects.isPending && <Waiting />}
      {projects.items?.length === 0 && <Empty icon={IconFolder} title={words.none}>{words.noneHelp}</Empty>}
      {q !== '' && projects.items && projects.items.length > 0 && items.length === 0 && <Empty icon={IconFolder} title={words.noMatch(q)} />}
      {view === 'table' ? <Table items={items} /> : (
        <ul className={classes.cards}>
          {items.map(({ name, title, description }) => (
            <li key={name}><AppLink plain href={links.project(name)}><strong>{title || name}</strong><p>{description}</p><span className={classes.soft}>{name}</span></AppLink></li>
          ))}
        </ul>
      )}
      {q === '' && <MorePages query={projects} />}
      <Modal opened={making === 'project'} onClose={close} title={words.create}><NewProject onDone={(name) => go(links.project(name))} /></Modal>
    </Page>
  );
}

function Table({ items }: { readonly items: readonly Shown[] }) {
  if (items.length === 0) return null;
  return (
    <div className={parts.scroll}>
      <table className={parts.table}>
        <thead><tr><th>{words.label}</th><th>{words.name}</th><th>{words.description}</th><th>{words.since}</th></tr></thead>
        <tbody>
          {items.map(({ name, title, description, created_at: since }) => (
            <tr key={name}><td><AppLink href={links.project(name)}>{title || name}</AppLink></td><td>{name}</td><td>{description}</td><td>{since && <Time at={since} />}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface FindFieldProps {
  readonly label: string;
  readonly q: string;
  readonly autoFocus?: boolean;
  readonly onFind: (q: string | undefined) => void;
}

/** A search field that writes into the address a moment after the last key. */
export function FindField({ label, q, autoFocus, onFind }: FindFieldProps) {
  const [text, setText] = useState(q);
  const [shown, setShown] = useState(q);
  if (q !== shown) {
    setShown(q);
    if (q !== text.trim()) setText(q);
  }
  const find = useDebouncedCallback((asked: string) => onFind(asked.trim() || undefined), 200);
  return (
    <TextInput
      type="search" aria-label={label} placeholder={label} leftSection={<IconSearch size={16} aria-hidden />} value={text} maxLength={200} data-autofocus={autoFocus}
      onChange={(event) => { setText(event.currentTarget.value); find(event.currentTarget.value); }}
    />
  );
}
