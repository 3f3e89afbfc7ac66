/** A line of the grid: a prompt and its cell per target. Drawn anew only when something of it changed. */
import { memo } from 'react';
import type { ColumnOut, RowOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { VerdictMark } from '@/parts/Verdict';
import { strings } from '@/strings';
import { cellOf, nameOf, type Cursor } from './shape';
import classes from './matrix.module.css';

export interface GridRowProps {
  readonly project: string;
  readonly row: RowOut;
  readonly columns: readonly ColumnOut[];
  readonly grouped: boolean;
  /** Where the line stands, in pixels, and which it is, from 1. */
  readonly start: number;
  readonly at: number;
  /** The target of the chosen cell, if it is in this line. */
  readonly selected: string | undefined;
}

export const GridRow = memo(function GridRow({ project, row, columns, grouped, start, at, selected }: GridRowProps) {
  return (
    <div className={[classes.line, classes.row].join(' ')} style={{ transform: `translateY(${start}px)` }} role="row" aria-rowindex={at}>
      <div className={classes.name} role="rowheader" title={row.path}>
        <AppLink plain tabIndex={-1} href={links.prompt(project, row.path, { tab: 'tests' })}>{grouped ? nameOf(row.path) : row.path}</AppLink>
        {row.version !== null && <span className={classes.version}>{strings.common.version(row.version)}</span>}
      </div>
      {columns.map(({ name }) => {
        const cell = cellOf(row, name);
        const verdict = cell?.verdict ?? 'untested';
        const said = `${strings.testing.verdicts[verdict]}${cell?.words ? `: ${cell.words}` : ''}`;
        return (
          // The grid has the focus and hears keys and clicks; cells are pointed at through aria-activedescendant.
          <div
            key={name} id={idOf({ path: row.path, target: name })} role="gridcell" className={classes.cell} aria-selected={name === selected}
            aria-label={`${row.path}, ${name}: ${said}`} data-path={row.path} data-target={name} data-said={said}
          >
            <VerdictMark verdict={verdict} size={20} />
          </div>
        );
      })}
    </div>
  );
});

export function idOf({ path, target }: Cursor): string {
  return `cell:${path}:${target}`.replaceAll(' ', '_');
}
