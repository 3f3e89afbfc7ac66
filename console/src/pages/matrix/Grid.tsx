/** The grid itself: only the lines in view are in the page; one tab stop, the arrows move the cell cursor, Enter opens its run. */
import { Tooltip, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type CSSProperties, type KeyboardEvent } from 'react';
import type { CellOut, RowOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { VerdictMark } from '@/parts/Verdict';
import { strings } from '@/strings';
import { cellOf, linesOf, moved, nameOf, type Cursor, type FamilySpan } from './shape';
import classes from './matrix.module.css';

const words = strings.matrix;
const HEADING = 30;
const ROW = 36;

export interface GridProps {
  readonly project: string;
  readonly rows: readonly RowOut[];
  readonly spans: readonly FamilySpan[];
  readonly grouped: boolean;
  readonly cursor: Cursor | null;
  readonly onCursor: (cursor: Cursor) => void;
  readonly onOpen: (cursor: Cursor) => void;
  readonly pages: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; readonly fetchNextPage: () => unknown };
}

export function Grid({ project, rows, spans, grouped, cursor, onCursor, onOpen, pages }: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const roomy = useMediaQuery('(min-width: 720px)', true, { getInitialValueInEffect: false });
  const lines = linesOf(rows, grouped);
  const columns = spans.flatMap((span) => span.columns);
  const firsts = new Set(spans.map((span) => span.columns[0]?.name));
  // The compiler leaves this component alone, as it should: the virtualizer hands out fresh positions at every render.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => (lines[at]?.kind === 'module' ? HEADING : ROW),
    overscan: 12,
    scrollPaddingStart: 64,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= lines.length - 30) fetchNextPage();
  }, [last, lines.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' && event.target === box.current) {
      if (cursor) onOpen(cursor);
      return;
    }
    const next = moved(event.key, cursor, rows.map(({ path }) => path), columns.map(({ name }) => name));
    if (next === null) return;
    event.preventDefault();
    onCursor(next);
    virtual.scrollToIndex(lines.findIndex((line) => line.kind === 'prompt' && line.row.path === next.path));
    requestAnimationFrame(() => document.getElementById(idOf(next))?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
  };
  const template = { '--columns': `${roomy ? 230 : 140}px repeat(${columns.length}, minmax(${roomy ? 92 : 84}px, 220px))` } as CSSProperties;
  return (
    <div
      ref={box} className={classes.box} style={template} role="grid" tabIndex={0} aria-label={words.gridLabel} aria-rowcount={hasNextPage ? -1 : lines.length + 2} aria-colcount={columns.length + 1}
      aria-activedescendant={cursor ? idOf(cursor) : undefined} onKeyDown={onKey}
    >
      <div className={classes.head} role="rowgroup">
        <div className={classes.line} role="row">
          <div className={classes.corner} role="columnheader"><VisuallyHidden>{strings.testing.family}</VisuallyHidden></div>
          {spans.map(({ family, columns: members }) => (
            <div key={family ?? ''} className={classes.family} role="columnheader" aria-colspan={members.length} style={{ gridColumn: `span ${members.length}` }}>{family ?? strings.testing.otherFamily}</div>
          ))}
        </div>
        <div className={classes.line} role="row">
          <div className={classes.corner} role="columnheader">{words.prompt}</div>
          {columns.map((column) => (
            <div key={column.name} role="columnheader" className={[classes.target, firsts.has(column.name) ? classes.first : ''].join(' ')} title={`${column.model}${column.problem ? `: ${column.problem}` : ''}`}>
              {column.name}
              {column.problem && <small>{column.problem}</small>}
            </div>
          ))}
        </div>
      </div>
      <div className={classes.grid} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const style = { transform: `translateY(${start}px)` };
          if (line.kind === 'module') {
            return (
              <div key={`m:${line.module}:${index}`} className={[classes.line, classes.module].join(' ')} style={style} role="row" aria-rowindex={index + 3}>
                <div className={classes.moduleName} role="rowheader" aria-colspan={columns.length + 1}>{line.module || words.rootModule}</div>
              </div>
            );
          }
          const { row } = line;
          return (
            <div key={row.path} className={[classes.line, classes.row].join(' ')} style={style} role="row" aria-rowindex={index + 3}>
              <div className={classes.name} role="rowheader" title={row.path}>
                <AppLink plain tabIndex={-1} href={links.prompt(project, row.path, { tab: 'tests' })}>{grouped ? nameOf(row.path) : row.path}</AppLink>
                {row.version !== null && <span className={classes.version}>{strings.common.version(row.version)}</span>}
              </div>
              {columns.map(({ name }) => (
                <Cell key={name} row={row} cell={cellOf(row, name)} target={name} selected={cursor?.path === row.path && cursor.target === name} onCursor={onCursor} onOpen={onOpen} />
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Cell({ row, cell, target, selected, onCursor, onOpen }: {
  readonly row: RowOut; readonly cell: CellOut | undefined; readonly target: string; readonly selected: boolean;
  readonly onCursor: (cursor: Cursor) => void; readonly onOpen: (cursor: Cursor) => void;
}) {
  const at = { path: row.path, target };
  const verdict = cell?.verdict ?? 'untested';
  const said = `${strings.testing.verdicts[verdict]}${cell?.words ? `: ${cell.words}` : ''}`;
  return (
    <Tooltip label={said} opened={undefined}>
      {/* The grid has the focus and hears the keys; cells are pointed at through aria-activedescendant. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus */}
      <div id={idOf(at)} role="gridcell" className={classes.cell} aria-selected={selected} aria-label={`${row.path}, ${target}: ${said}`} onClick={() => onCursor(at)} onDoubleClick={() => onOpen(at)}>
        <VerdictMark verdict={verdict} size={20} />
      </div>
    </Tooltip>
  );
}

function idOf({ path, target }: Cursor): string {
  return `cell:${path}:${target}`.replaceAll(' ', '_');
}
