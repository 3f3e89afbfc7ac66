/** A table of the administration: rows become cards on a phone, long lists draw only what is in view, `j` and `k` move, Enter opens. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import parts from '@/parts/parts.module.css';
import classes from './admin.module.css';

/** From so many rows on only those in view are drawn. */
const WINDOWED_FROM = 120;
const ROW = 46;

export interface Column<T> {
  readonly key: string;
  readonly head: string;
  /** Read aloud for the column, but not written over it. */
  readonly hidden?: boolean;
  readonly cell: (row: T) => ReactNode;
}

export interface RowsProps<T> {
  /** What the table holds, for people who hear it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly onOpen?: (row: T) => void;
  readonly foot?: ReactNode;
}

/** `j` and `k` go to the next and previous row, Enter opens the focused one. */
function steer(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const row = event.target as HTMLElement;
  if (row.tagName !== 'TR') return;
  const next = event.key === 'j' || event.key === 'ArrowDown' ? row.nextElementSibling : event.key === 'k' || event.key === 'ArrowUp' ? row.previousElementSibling : null;
  if (next instanceof HTMLElement && next.tabIndex === 0) {
    event.preventDefault();
    next.focus();
  }
}

export function Rows<T>({ label, columns, rows, keyOf, onOpen, foot }: RowsProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const windowed = rows.length >= WINDOWED_FROM;
  // The library's returned functions are read while drawing only; nothing of them is memoised.
  // eslint-disable-next-line react-hooks/incompatible-library
  const view = useVirtualizer({ count: windowed ? rows.length : 0, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 });
  const shown = view.getVirtualItems();
  const before = shown[0]?.start ?? 0;
  const after = windowed ? view.getTotalSize() - (shown.at(-1)?.end ?? 0) : 0;
  const draw = (row: T, at: number) => (
    <tr
      key={keyOf(row)}
      data-index={at}
      ref={windowed ? view.measureElement : undefined}
      tabIndex={onOpen ? 0 : undefined}
      onKeyDown={onOpen && ((event) => { if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(row); })}
    >
      {columns.map((column) => <td key={column.key} data-label={column.hidden ? '' : column.head}>{column.cell(row)}</td>)}
    </tr>
  );
  return (
    // A box that scrolls must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} className={[parts.scroll, classes.rows].join(' ')} data-windowed={windowed} role="region" aria-label={label} tabIndex={windowed ? 0 : undefined}>
      <table className={parts.table} aria-rowcount={rows.length + 1}>
        <thead><tr>{columns.map((column) => (column.hidden ? <th key={column.key} scope="col"><span className={classes.unseen}>{column.head}</span></th> : <th key={column.key} scope="col">{column.head}</th>))}</tr></thead>
        {/* The rows take the focus; their keys are heard here once for all. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <tbody onKeyDown={onOpen && steer}>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {windowed ? shown.map((item) => draw(rows[item.index] as T, item.index)) : rows.map(draw)}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
      {foot}
    </div>
  );
}
