/** What was found, as a list without modules; `j` and `k` or arrows move, Enter opens, Space selects. */
import { Button } from '@mantine/core';
import { IconFilterOff } from '@tabler/icons-react';
import { type KeyboardEvent } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { FILTERS, queryOf } from './filters';
import { HeadRow } from './HeadRow';
import { PromptCells } from './PromptCells';
import type { Selection } from './selection';
import { useLine } from './useLine';
import { useWindow } from './useWindow';
import classes from './prompts.module.css';

const words = strings.prompts;
const PAGE = 100;

export interface FoundTableProps {
  readonly project: string;
  readonly values: Readonly<Record<string, string>>;
  readonly environments: readonly string[];
  readonly selection: Selection;
}

export function FoundTable({ project, values, environments, selection }: FoundTableProps) {
  const [, set] = useAddressQuery();
  const query = queryOf(values);
  const found = usePages(projectKey(project, 'prompts', 'found', query), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { ...query, limit: PAGE, cursor } } })));
  if (!found.items) return found.error ? <Refusal fault={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={12} />;
  if (found.items.length === 0) {
    const clear = (): void => set(Object.fromEntries(FILTERS.map((name) => [name, undefined])));
    return <Empty icon={IconFilterOff} title={words.noMatch} action={<Button variant="default" onClick={clear}>{strings.common.clearFilters}</Button>}>{words.noMatchHelp}</Empty>;
  }
  return (
    <>
      <Refusal fault={found.error} />
      <div className={classes.choosing}>
        <Button size="compact-sm" variant="subtle" disabled={selection.all} onClick={() => selection.take(found.items ?? [])}>{words.bulk.chooseShown(found.items.length)}</Button>
        {found.hasNextPage && <Button size="compact-sm" variant="subtle" disabled={selection.all} onClick={selection.takeAll}>{words.bulk.chooseAll}</Button>}
      </div>
      <List project={project} items={found.items} environments={environments} selection={selection} />
      <MorePages query={found} />
    </>
  );
}

type Items = NonNullable<ReturnType<typeof usePages<Parameters<typeof PromptCells>[0]['prompt']>>['items']>;

function List({ project, items, environments, selection }: { readonly project: string; readonly items: Items; readonly environments: readonly string[]; readonly selection: Selection }) {
  const go = useGo();
  const { box, lines, height, show, start } = useWindow(items.length);
  const { here, setAt, move } = useLine(items.length, box, show);
  const pressed = (event: KeyboardEvent): void => {
    const one = items[here];
    if (event.ctrlKey || event.metaKey || event.altKey || !one) return;
    if (event.key === 'ArrowDown' || event.key === 'j') move(here + 1);
    else if (event.key === 'ArrowUp' || event.key === 'k') move(here - 1);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(items.length - 1);
    else if (event.key === 'Enter' && event.target === event.currentTarget.querySelector(`[data-at="${here}"]`)) go(links.prompt(project, one.path));
    else if (event.key === ' ' || event.key === 'x') selection.turn(one.path, one.version);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={`${classes.grid} ${classes.list}`} style={{ '--places': environments.length } as React.CSSProperties}>
      <HeadRow environments={environments} />
      <div ref={box} role="grid" aria-label={words.results} aria-multiselectable tabIndex={-1} onKeyDown={pressed} style={{ height, position: 'relative' }}>
        {lines.map((line) => {
          const prompt = items[line.index];
          if (!prompt) return null;
          return (
            <div
              key={prompt.path} role="row" data-at={line.index} tabIndex={line.index === here ? 0 : -1} aria-selected={selection.has(prompt.path)} aria-label={prompt.path}
              className={classes.row} onFocus={() => setAt(line.index)} style={{ top: line.start - start }}
            >
              <PromptCells project={project} prompt={prompt} environments={environments} chosen={selection.has(prompt.path)} onChoose={selection.turn} />
            </div>
          );
        })}
      </div>
    </div>
  );
}
