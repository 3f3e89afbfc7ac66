/** Saved views: filters under a name, one's own or for everybody; saved, renamed, deleted here. */
import { Button, Checkbox, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { IconBookmark, IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { ViewOut } from '@/api/schema';
import { useMe } from '@/api/session';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { FILTERS, isFiltered, queryOf, valuesOf } from './filters';
import classes from './prompts.module.css';

const words = strings.prompts.views;

export interface ViewsProps {
  readonly project: string;
  readonly values: Readonly<Record<string, string>>;
  readonly onOpen: (values: Record<string, string | undefined>) => void;
}

const same = (left: Record<string, string | undefined>, right: Record<string, string | undefined>): boolean => FILTERS.every((name) => (left[name] || undefined) === (right[name] || undefined));

export function Views({ project, values, onOpen }: ViewsProps) {
  const key = projectKey(project, 'views');
  const me = useMe();
  const [saving, setSaving] = useState<'new' | ViewOut | null>(null);
  const [removing, setRemoving] = useState<ViewOut | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const views = useQuery({ queryKey: key, queryFn: () => data(api.GET('/api/v1/projects/{project}/views', { params: { path: { project }, query: { limit: 100 } } })) }).data?.items ?? [];
  const here = isFiltered(values) ? views.find((view) => same(valuesOf(view.query), values)) : undefined;
  const remove = useMutation({
    mutationFn: (view: string) => api.DELETE('/api/v1/projects/{project}/views/{view}', { params: { path: { project, view } } }),
    onSuccess: () => {
      setRemoving(null);
      setOpened(null);
      return queries.invalidateQueries({ queryKey: key });
    },
  });
  const update = useMutation({
    mutationFn: (view: ViewOut) => data(api.PUT('/api/v1/projects/{project}/views/{view}', { params: { path: { project, view: view.id } }, body: { name: view.name, shared: view.shared, query: queryOf(values), columns: view.columns as 'path'[] } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const mine = (view: ViewOut): boolean => view.maker === me?.name;
  // The view that was opened last, while its filters are being changed.
  const last = views.find((view) => view.id === opened && mine(view));
  const list = (title: string, of: readonly ViewOut[]) => of.length > 0 && (
    <>
      <Menu.Label>{title}</Menu.Label>
      {of.map((view) => <Menu.Item key={view.id} onClick={() => { setOpened(view.id); onOpen(valuesOf(view.query)); }}>{view.name}</Menu.Item>)}
    </>
  );
  return (
    <div className={classes.views}>
      <Menu position="bottom-start" width={240}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} />} rightSection={<IconChevronDown size={14} />}>{here?.name ?? words.label}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => { setOpened(null); onOpen(valuesOf({})); }}>{words.all}</Menu.Item>
          {list(words.mine, views.filter(({ maker }) => maker === me?.name))}
          {list(words.others, views.filter(({ maker }) => maker !== me?.name))}
          <Menu.Divider />
          <Menu.Item disabled={!isFiltered(values) || here !== undefined} onClick={() => setSaving('new')}>{words.save}</Menu.Item>
          {last && here === undefined && isFiltered(values) && <Menu.Item onClick={() => update.mutate(last)}>{words.update(last.name)}</Menu.Item>}
          {here && mine(here) && <Menu.Item onClick={() => setSaving(here)}>{words.rename}</Menu.Item>}
          {here && mine(here) && <Menu.Item color="red" onClick={() => { remove.reset(); setRemoving(here); }}>{words.remove}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Refusal fault={update.error} />
      {removing && <ReasonDialog title={words.removeTitle(removing.name)} action={words.removeNow} danger withoutReason busy={remove.isPending} fault={remove.error} onClose={() => setRemoving(null)} onDo={() => remove.mutate(removing.id)}>{words.removeText(removing.shared)}</ReasonDialog>}
      <Modal opened={saving !== null} onClose={() => setSaving(null)} title={saving === 'new' ? words.saveTitle : words.renameTitle}>
        {saving !== null && <Save project={project} view={saving === 'new' ? null : saving} values={values} onDone={() => { setSaving(null); void queries.invalidateQueries({ queryKey: key }); }} />}
      </Modal>
    </div>
  );
}

interface SaveProps {
  readonly project: string;
  /** The view that gets another name; null for a new one. */
  readonly view: ViewOut | null;
  readonly values: Readonly<Record<string, string>>;
  readonly onDone: () => void;
}

function Save({ project, view, values, onDone }: SaveProps) {
  const [name, setName] = useState(view?.name ?? '');
  const [shared, setShared] = useState(view?.shared ?? false);
  const save = useMutation({
    mutationFn: async (): Promise<unknown> => {
      const body = { name: name.trim(), shared, query: queryOf(values), columns: [] };
      if (view === null) return data(api.POST('/api/v1/projects/{project}/views', { params: { path: { project } }, body }));
      return data(api.PUT('/api/v1/projects/{project}/views/{view}', { params: { path: { project, view: view.id } }, body }));
    },
    onSuccess: onDone,
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <Stack>
        <TextInput label={words.name} description={words.nameHelp} required withAsterisk={false} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Checkbox label={words.shared} checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
        <Refusal fault={save.error} />
        <Button type="submit" loading={save.isPending}>{strings.common.save}</Button>
      </Stack>
    </form>
  );
}
