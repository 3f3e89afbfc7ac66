/** All prompts of a project: a tree of modules while nothing is filtered, else a list of what was found. */
import { Button, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilePlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useProject } from '@/frame/roots';
import { useShortcut } from '@/frame/shortcuts';
import { links } from '@/links';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { usePreloadOf } from '@/parts/preload';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { BulkBar } from './BulkBar';
import { FilterBar } from './FilterBar';
import { FoundTable } from './FoundTable';
import { isFiltered } from './filters';
import { useSelection, type Selection } from './selection';
import { TreeTable } from './TreeTable';
import { useTree } from './useTree';
import { Views } from './Views';
import classes from './prompts.module.css';

const words = strings.prompts;

export function PromptsPage() {
  const project = useProject();
  // What was chosen belongs to the project.
  return <Prompts key={project} project={project} />;
}

function Prompts({ project }: { readonly project: string }) {
  const go = useGo();
  const [values, set] = useAddressQuery();
  const selection = useSelection();
  const change = (next: Record<string, string | undefined>): void => {
    // What all that match are has changed.
    if (selection.all) selection.clear();
    set(next);
  };
  usePreloadOf(links.prompt(project, 'any')); // opened by keys as well, where no link is pointed at
  const places = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  }).data?.items;
  const environments = useMemo(() => places?.map(({ name }) => name) ?? [], [places]);
  const actions = (
    <>
      <Button variant="default" onClick={() => go(links.importInto(project))}>{words.importPrompts}</Button>
      <Button leftSection={<IconFilePlus size={16} />} onClick={() => go(links.newPrompt(project, values['module']))}>{words.newPrompt}</Button>
    </>
  );
  useShortcut('n', words.newPrompt, () => go(links.newPrompt(project, values['module'])));
  return (
    <Page title={words.title} actions={actions}>
      <div className={classes.tools}>
        <Find q={values['q'] ?? ''} onFind={(q) => change({ q })} />
        <Views project={project} values={values} onOpen={change} />
      </div>
      <FilterBar project={project} values={values} onChange={change} />
      {isFiltered(values)
        ? <FoundTable project={project} values={values} environments={environments ?? []} selection={selection} />
        : <Tree project={project} module={values['module'] ?? ''} environments={environments} selection={selection} />}
      {(selection.all || selection.chosen.size > 0) && <BulkBar project={project} selection={selection} values={values} />}
    </Page>
  );
}

interface TreeProps {
  readonly project: string;
  readonly module: string;
  /** Undefined until they are known: then the columns stand where they stay. */
  readonly environments: readonly string[] | undefined;
  readonly selection: Selection;
}

function Tree({ project, module, environments, selection }: TreeProps) {
  const go = useGo();
  const { rows, ready, error, turn, more } = useTree(project, module);
  if (!ready || environments === undefined) return error ? <Refusal fault={error} /> : <Waiting lines={12} />;
  if (rows.length === 0) {
    return <Empty icon={IconFilePlus} title={words.none} action={<Button onClick={() => go(links.newPrompt(project))}>{words.newPrompt}</Button>}>{words.noneHelp}</Empty>;
  }
  return (
    <>
      <Refusal fault={error} />
      <TreeTable project={project} rows={rows} environments={environments} selection={selection} onTurn={turn} onMore={more} />
    </>
  );
}

function Find({ q, onFind }: { readonly q: string; readonly onFind: (q: string | undefined) => void }) {
  const [text, setText] = useState(q);
  const [shown, setShown] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  // The address changed by itself (back, a view): the field follows, unless somebody is typing here.
  if (q !== shown) {
    setShown(q);
    if (q !== text.trim()) setText(q);
  }
  const find = useDebouncedCallback((asked: string) => onFind(asked.trim() || undefined), 120);
  useShortcut('f', words.find, () => field.current?.focus());
  return (
    <TextInput
      ref={field} type="search" aria-label={words.find} placeholder={words.find} leftSection={<IconSearch size={16} aria-hidden />} value={text} maxLength={200}
      onChange={(event) => { setText(event.currentTarget.value); find(event.currentTarget.value); }}
    />
  );
}
