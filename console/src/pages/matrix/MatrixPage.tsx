/** The compatibility matrix: prompts by model target; what is shown and the chosen cell stand in the address. */
import { Button, Menu, SegmentedControl } from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import { IconDownload, IconGridDots, IconPlayerPlay } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { NoTargets } from '@/parts/TargetPicker';
import { strings } from '@/strings';
import { CellDetails } from './CellDetails';
import { Filters } from './Filters';
import { Grid } from './Grid';
import { MatrixList } from './MatrixList';
import { cellOf, familiesOf, type Cursor } from './shape';
import { queryOf, useMatrix } from './useMatrix';
import { Rule } from './Rule';
import classes from './matrix.module.css';

const words = strings.matrix;

export function MatrixPage() {
  const project = useProject();
  const go = useGo();
  const [query, setQuery] = useAddressQuery();
  const wide = useMediaQuery('(min-width: 1100px)', true, { getInitialValueInEffect: false });
  const pages = useMatrix(project, query);
  const rows = pages.items;
  const found = pages.data?.pages[0]?.targets;
  const columns = useMemo(() => found ?? [], [found]);
  const spans = useMemo(() => familiesOf(columns, query.family), [columns, query.family]);
  const cursor: Cursor | null = query.prompt && query.target ? { path: query.prompt, target: query.target } : null;
  // Whoever runs through the cells with the arrows asks about the one where they stop.
  const [told] = useDebouncedValue(cursor === null ? null : `${cursor.target} ${cursor.path}`, 120);
  const row = rows?.find(({ path }) => path === told?.slice(told.indexOf(' ') + 1));
  const cell = row && told ? cellOf(row, told.slice(0, told.indexOf(' '))) : undefined;
  const filtered = Boolean(query.q || query.module || query.verdict);
  const choose = (next: Cursor): void => setQuery({ prompt: next.path, target: next.target });
  const open = (next: Cursor): void => {
    const found = rows?.find(({ path }) => path === next.path);
    const run = found && cellOf(found, next.target)?.run;
    if (run) go(links.run(project, run));
  };
  const details = row && cell ? <CellDetails project={project} row={row} cell={cell} /> : undefined;
  const asList = query.view === 'list';
  return (
    <Page
      title={words.title}
      actions={
        <>
          <SegmentedControl
            size="xs" aria-label={words.view} value={asList ? 'list' : 'grid'} onChange={(view) => setQuery({ view: view === 'list' ? 'list' : undefined })}
            data={[{ value: 'grid', label: words.grid }, { value: 'list', label: words.list }]}
          />
          <Downloads project={project} query={query} />
          <LinkButton href={links.runs(project, { start: 1 })} leftSection={<IconPlayerPlay size={16} />}>{words.runFirst}</LinkButton>
        </>
      }
      inspector={wide ? details ?? <Rule help /> : <Rule />}
    >
      <Filters project={project} columns={columns} rows={rows ?? []} />
      <Refusal fault={pages.error} onRetry={() => void pages.refetch()} />
      {pages.isPending && <Waiting lines={10} />}
      {rows && columns.length === 0 && <NoTargets />}
      {rows?.length === 0 && !pages.hasNextPage && (filtered ? (
        <Empty icon={IconGridDots} title={words.nothing} action={<Button variant="default" onClick={() => setQuery({ q: undefined, module: undefined, verdict: undefined, family: undefined })}>{strings.common.clearFilters}</Button>}>{words.nothingHelp}</Empty>
      ) : (
        <Empty icon={IconGridDots} title={words.noPrompts} action={<LinkButton href={links.newPrompt(project)}>{words.newPrompt}</LinkButton>} />
      ))}
      {rows && rows.length > 0 && columns.length > 0 && (
        asList
          ? <MatrixList project={project} rows={rows} spans={spans} verdicts={query.verdict} />
          : <Grid project={project} rows={rows} spans={spans} grouped={!query.q} cursor={cursor} onCursor={choose} onOpen={open} pages={pages} />
      )}
      {(asList || rows?.length === 0) && <MorePages query={pages} />}
      {rows && rows.length > 0 && <p className={classes.count} role="status">{words.rows(rows.length, pages.hasNextPage)}</p>}
      {!wide && details && <section className={classes.panel} aria-label={words.selected}>{details}</section>}
    </Page>
  );
}

function Downloads({ project, query }: { readonly project: string; readonly query: Readonly<Record<string, string>> }) {
  const at = (format: string): string => {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(queryOf(query))) if (value) asked.set(name, value);
    asked.set('format', format);
    return `/api/v1/projects/${encodeURIComponent(project)}/matrix?${asked.toString()}`;
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} />}>{strings.testing.download}</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={at('csv')} download={`${project}-matrix.csv`}>{words.csv}</Menu.Item>
        <Menu.Item component="a" href={at('json')} download={`${project}-matrix.json`}>{words.json}</Menu.Item>
        <Menu.Item component="a" href={at('markdown')} download={`${project}-matrix.md`}>{words.badge}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
