/** The grid itself: only the lines in view are in the page; one tab stop, the arrows move the cell cursor, Enter opens its run. */
import { VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type CSSProperties, type KeyboardEvent, type MouseEvent } from 'react';
import type { RowOut } from '@/api/schema';
import { strings } from '@/strings';
import { CellTip } from './CellTip';
import { GridRow, idOf } from './GridRow';
import { linesOf, moved, type Cursor, type FamilySpan } from './shape';
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
  const lines = useMemo(() => linesOf(rows, grouped), [rows, grouped]);
  const columns = useMemo(() => spans.flatMap((span) => span.columns), [spans]);
  const firsts = new Set(spans.map((span) => span.columns[0]?.name));
  // The compiler leaves this component alone, as it should: the virtualizer hands out fresh positions at every render.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => (lines[at]?.kind === 'module' ? HEADING : ROW),
    overscan: 8,
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
  // Heard here for all cells: there are hundreds of them, and each scroll makes new ones.
  const pointed = (event: MouseEvent): Cursor | null => {
    const { path, target } = (event.target as HTMLElement).closest<HTMLElement>('[role="gridcell"]')?.dataset ?? {};
    return path !== undefined && target !== undefined ? { path, target } : null;
  };
  const onClick = (event: MouseEvent): void => {
    const at = pointed(event);
    if (at) onCursor(at);
  };
  const onDoubleClick = (event: MouseEvent): void => {
    const at = pointed(event);
    if (at) onOpen(at);
  };
  const template = { '--columns': `${roomy ? 230 : 140}px repeat(${columns.length}, minmax(${roomy ? 92 : 84}px, 220px))` } as CSSProperties;
  return (
    <div
      ref={box} className={classes.box} style={template} role="grid" tabIndex={0} aria-label={words.gridLabel} aria-rowcount={hasNextPage ? -1 : lines.length + 2} aria-colcount={columns.length + 1}
      aria-activedescendant={cursor ? idOf(cursor) : undefined} onKeyDown={onKey} onClick={onClick} onDoubleClick={onDoubleClick}
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
            <GridRow
              key={row.path} project={project} row={row} columns={columns} grouped={grouped} start={start} at={index + 3}
              selected={cursor?.path === row.path ? cursor.target : undefined}
            />
          );
        })}
      </div>
      <CellTip box={box} />
    </div>
  );
}
