/** Cases by target; each field tells how its calls ended and, one square a check, which checks passed. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { ResultOut } from '@/api/schema';
import { strings } from '@/strings';
import { Mark } from './Mark';
import { failedChecks, suiteName, worst, type CaseRow } from './results';
import own from './runs.module.css';

const words = strings.runs;
const ROW = 37;

export interface ResultGridProps {
  readonly rows: readonly CaseRow[];
  readonly targets: readonly string[];
  readonly onlyFailing: boolean;
  readonly chosen: CaseRow | undefined;
  readonly highlight?: string;
  readonly onOpen: (row: CaseRow, target?: string) => void;
}

export function ResultGrid({ rows, targets, onlyFailing, chosen, onOpen }: ResultGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const shown = onlyFailing ? rows.filter((row) => [...row.cells.values()].some((calls) => !['passed', 'unchecked'].includes(worst(calls)))) : rows;
  // The virtualizer hands out fresh positions at every render; the compiler leaves such components alone.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 15 });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const suites = new Set(rows.map(({ suite }) => suite)).size;
  return (
    <div className={own.box} ref={box}>
      <table className={own.grid} aria-rowcount={shown.length + 1}>
        <caption hidden>{words.grid}</caption>
        <thead><tr><th>{words.case}</th>{targets.map((name) => <th key={name}>{name}</th>)}</tr></thead>
        <tbody>
          {before > 0 && <tr aria-hidden><td colSpan={targets.length + 1} style={{ height: before, padding: 0 }} /></tr>}
          {items.map(({ index }) => {
            const row = shown[index];
            if (row === undefined) return null;
            return (
              <tr key={`${row.suite}\n${row.name}`} data-selected={chosen === row || undefined} aria-rowindex={index + 2}>
                <td title={`${row.suite}: ${row.name}`}>
                  <button type="button" className={own.caseButton} onClick={() => onOpen(row)}>{suites > 1 ? `${suiteName(row.suite)}: ${row.label}` : row.label}</button>
                </td>
                {targets.map((name) => <td key={name}><Field calls={row.cells.get(name)} label={`${row.label}, ${name}`} onOpen={() => onOpen(row, name)} /></td>)}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden><td colSpan={targets.length + 1} style={{ height: after, padding: 0 }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function Field({ calls, label, onOpen }: { readonly calls: readonly ResultOut[] | undefined; readonly label: string; readonly onOpen: () => void }) {
  if (calls === undefined) return <span className={own.idle} aria-hidden>–</span>;
  const outcome = worst(calls);
  const failed = failedChecks(calls);
  const said = [words.cellStates[outcome], calls.find(({ detail }) => detail)?.detail, failed.length > 0 && outcome === 'failed' ? words.checksFailed(failed.join(', ')) : undefined].filter(Boolean).join('; ');
  const checks = [...new Map(calls.flatMap(({ scores }) => scores).map((score) => [score.check, score])).values()].slice(0, 8);
  return (
    <button type="button" className={own.caseButton} style={{ display: 'inline-flex', alignItems: 'center' }} aria-label={`${label}: ${said}`} title={said} onClick={onOpen}>
      <Mark outcome={outcome} bare />
      <span className={own.checks} aria-hidden style={{ marginLeft: 8 }}>
        {checks.map((score) => {
          const passed = !failed.includes(score.check) && score.passed === true;
          return <span key={score.check} className={[own.check, passed ? own.good : score.required ? own.bad : own.idle].join(' ')} data-passed={passed ? 'yes' : undefined} title={score.check} />;
        })}
      </span>
    </button>
  );
}
