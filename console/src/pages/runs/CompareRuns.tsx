/** Two runs beside each other: which cases changed their result, and how the answers differ. */
import { Button, Checkbox, Group, VisuallyHidden } from '@mantine/core';
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react';
import { diffWordsWithSpace } from 'diff';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { Mark } from './Mark';
import { compare, textOf, worst, type Compared } from './results';
import { useResults, useWholeResult } from './useRun';
import classes from '@/parts/parts.module.css';
import own from './runs.module.css';

const words = strings.runs;
const SHOWN = 500;
const LONGEST_DIFF = 40_000;

export interface CompareRunsProps {
  readonly project: string;
  readonly after: number;
  readonly other: number;
  readonly onBack: () => void;
}

export function CompareRuns({ project, after: one, other, onBack }: CompareRunsProps) {
  const [query, setQuery] = useAddressQuery();
  const [early, late] = one < other ? [one, other] : [other, one];
  const before = useResults(project, early, false);
  const after = useResults(project, late, false);
  const all = query.all === '1';
  if (before.error ?? after.error) return <Refusal fault={before.error ?? after.error} />;
  if (!before.items || !after.items) return <Waiting />;
  const cells = compare(before.items, after.items);
  const count = (change: Compared['change']): number => cells.filter((cell) => cell.change === change).length;
  const shown = cells.filter((cell) => all || cell.change !== 'same').slice(0, SHOWN);
  const common = cells.length - count('added') - count('removed');
  const isOpen = (cell: Compared): boolean => cell.name === query.case && cell.suite === query.suite && cell.target === query.target;
  return (
    <section aria-label={words.compareTitle}>
      <Group mb={12} justify="space-between">
        <Button variant="default" size="xs" leftSection={<IconArrowLeft size={14} />} onClick={onBack}>{words.back}</Button>
        <strong role="status">{common === 0 ? words.nothingCommon : words.changeSummary(count('better'), count('worse'), count('same'))}</strong>
        <Checkbox label={words.onlyChanged} checked={!all} onChange={(event) => setQuery({ all: event.currentTarget.checked ? undefined : '1' })} />
      </Group>
      {shown.length === 0 ? <Empty title={words.nothingChanged} /> : (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <caption hidden>{words.changed}</caption>
            <thead><tr><th>{words.case}</th><th>{words.targets}</th><th>{words.before(early)}</th><th><VisuallyHidden>{words.changed}</VisuallyHidden></th><th>{words.before(late)}</th><th>{words.changed}</th></tr></thead>
            <tbody>
              {shown.map((cell) => [
                <tr key={`${cell.suite}\n${cell.name}\n${cell.target}`} data-selected={isOpen(cell) || undefined}>
                  <td><button type="button" className={own.caseButton} aria-expanded={isOpen(cell)} onClick={() => setQuery(isOpen(cell) ? { case: undefined, suite: undefined, target: undefined } : { case: cell.name, suite: cell.suite, target: cell.target })} title={cell.name}>{cell.label}</button></td>
                  <td>{cell.target}</td>
                  <td>{cell.before.length > 0 && <Mark outcome={worst(cell.before)} />}</td>
                  <td><IconArrowRight size={14} aria-hidden /></td>
                  <td>{cell.after.length > 0 && <Mark outcome={worst(cell.after)} />}</td>
                  <td>{words.kinds[cell.change]}</td>
                </tr>,
                isOpen(cell) && <tr key={`open:${cell.suite}\n${cell.name}\n${cell.target}`}><td colSpan={6}><Answers project={project} early={early} late={late} cell={cell} /></td></tr>,
              ])}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Answers({ project, early, late, cell }: { readonly project: string; readonly early: number; readonly late: number; readonly cell: Compared }) {
  const before = useWholeResult(project, early, cell.before[0]?.ordinal);
  const after = useWholeResult(project, late, cell.after[0]?.ordinal);
  if (before.error ?? after.error) return <Refusal fault={before.error ?? after.error} />;
  if ((cell.before.length > 0 && !before.data) || (cell.after.length > 0 && !after.data)) return <Waiting lines={3} />;
  const [old, now] = [textOf(before.data?.reply), textOf(after.data?.reply)];
  if (old === now) return <p style={{ margin: 0 }}>{words.sameText}</p>;
  const parts = old.length + now.length > LONGEST_DIFF ? [{ value: old, removed: true, added: false }, { value: now, removed: false, added: true }] : diffWordsWithSpace(old, now);
  return (
    <pre className={own.text} aria-label={words.textDiff}>
      {parts.map((part, at) => (part.added ? <ins key={at} className={own.added}>{part.value}</ins> : part.removed ? <del key={at} className={own.removed}>{part.value}</del> : <span key={at}>{part.value}</span>))}
    </pre>
  );
}
