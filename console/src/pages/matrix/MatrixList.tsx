/** The matrix as a plain table: one line a cell, everything in words. */
import type { RowOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Time } from '@/parts/Time';
import { Verdict } from '@/parts/Verdict';
import { strings } from '@/strings';
import { cellOf, type FamilySpan } from './shape';
import classes from '@/parts/parts.module.css';

const words = strings.matrix;

export function MatrixList({ project, rows, spans, verdicts }: { readonly project: string; readonly rows: readonly RowOut[]; readonly spans: readonly FamilySpan[]; readonly verdicts: string | undefined }) {
  const wanted = new Set((verdicts ?? '').split(',').filter(Boolean));
  const cells = rows.flatMap((row) =>
    spans.flatMap(({ columns }) => columns).flatMap(({ name }) => {
      const cell = cellOf(row, name);
      return cell && (wanted.size === 0 || wanted.has(cell.verdict)) ? [{ row, cell }] : [];
    }));
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <caption hidden>{words.gridLabel}</caption>
        <thead><tr><th>{words.prompt}</th><th>{words.target}</th><th>{words.verdict}</th><th>{words.why}</th><th>{words.when}</th><th>{words.run}</th></tr></thead>
        <tbody>
          {cells.map(({ row, cell }) => (
            <tr key={`${row.path}:${cell.target}`}>
              <td><AppLink href={links.prompt(project, row.path, { tab: 'tests' })}>{row.path}</AppLink></td>
              <td>{cell.target}</td>
              <td><Verdict verdict={cell.verdict} /></td>
              <td style={{ minWidth: 240, maxWidth: 520 }}>{cell.words}</td>
              <td><Time at={cell.tested_at} /></td>
              <td>{cell.run !== null && <AppLink href={links.run(project, cell.run)}>{strings.runs.number(cell.run)}</AppLink>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
