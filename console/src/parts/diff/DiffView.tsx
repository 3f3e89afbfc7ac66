/** Two texts of a prompt file beside each other: under headings, unchanged lines folded, long ones drawn as they come into view. */
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconChevronRight, IconFold } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useAddressQuery } from '@/parts/navigate';
import { strings } from '@/strings';
import { DiffRow } from './DiffRow';
import { headingOf } from './heading';
import { LazyPart } from './LazyPart';
import { compareLines, linesOf } from './lines';
import { placesOf } from './places';
import type { DiffLine } from './PromptDiff';
import { foldRows, inGroups, inParts, sectionsOf, type PlacedRow, type Section, type Stretch } from './sections';
import classes from './diff.module.css';

const words = strings.diff;
const PART = 60;
const ROW = 20;
/** Width of the comparison from which both sides fit beside each other: a page of 1,100 px beside the rail. */
const SPLIT = 780;

export interface DiffViewProps {
  /** null: there was nothing before. */
  readonly before: string | null;
  readonly after: string;
  readonly label: string;
  readonly under?: (at: DiffLine) => ReactNode;
  readonly onLine?: (at: DiffLine) => void;
}

export function DiffView({ before, after, label, under, onLine }: DiffViewProps) {
  const { ref: sized, width } = useElementSize();
  const own = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sized, own);
  const split = before !== null && width >= SPLIT;
  const [{ line: pointed }, setAddress] = useAddressQuery();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const texts = useMemo(() => ({ before: before === null ? null : linesOf(before), after: linesOf(after) }), [before, after]);
  const sections = useMemo(() => {
    const rows = compareLines(texts.before, texts.after);
    return sectionsOf(rows, placesOf(texts.before ?? []), placesOf(texts.after));
  }, [texts]);
  const open = (id: string): void => setOpened(new Set([...opened, id]));
  const choose = onLine ?? ((at: DiffLine) => setAddress({ line: `${at.side === 'before' ? 'b' : ''}${at.line}` }));
  const nodes = (row: PlacedRow): ReactNode[] =>
    under === undefined ? [] : [row.before === null || row.after !== null ? null : under({ side: 'before', line: row.before }), row.after === null ? null : under({ side: 'after', line: row.after })].filter((node) => node !== null && node !== undefined && node !== false);
  const kept = (row: PlacedRow): boolean => nodes(row).length > 0 || (pointed !== undefined && (pointed === String(row.after) || pointed === `b${row.before}`));
  useEffect(() => {
    if (pointed !== undefined) own.current?.querySelector(`#line-${CSS.escape(pointed)}`)?.scrollIntoView({ block: 'center' });
  }, [pointed, sections]);

  const side = (lines: readonly string[] | null, line: number | null, indent: number) => (lines === null || line === null ? null : { line, text: dedent(lines[line - 1] ?? '', indent) });
  const drawn = (row: PlacedRow): ReactNode => (
    <Drawn key={`${row.before}-${row.after}`} under={nodes(row)}>
      <DiffRow
        before={side(texts.before, row.before, row.place.indent)} after={side(texts.after, row.after, row.place.indent)} same={row.same} split={split}
        onLine={choose} commenting={onLine !== undefined} pointed={pointed}
      />
    </Drawn>
  );
  const list = (rows: readonly PlacedRow[]): ReactNode =>
    inParts(rows, PART).map((part, at) => (
      <LazyPart key={at} height={part.length * ROW} eager={rows.length <= PART || part.some(kept)}>{() => part.map(drawn)}</LazyPart>
    ));
  const stretch = (section: Section, { folded, rows, id: at }: Stretch): ReactNode => {
    const id = `${section.id} ${at}`;
    if (!folded || opened.has(id)) return <div key={id}>{list(rows)}</div>;
    return <button key={id} type="button" className={classes.fold} onClick={() => open(id)}><IconFold size={14} aria-hidden />{words.showLines(rows.length)}</button>;
  };
  const body = (section: Section): ReactNode => {
    const parts = inGroups(foldRows(section.rows, kept), PART);
    return parts.map((part, at) => (
      <LazyPart
        key={at} height={part.reduce((sum, { folded, rows }) => sum + (folded ? 28 : rows.length * ROW), 0)}
        eager={parts.length === 1 || part.some(({ rows }) => rows.some(kept))}
      >
        {() => part.map((one) => stretch(section, one))}
      </LazyPart>
    ));
  };
  const quiet = (section: Section): boolean => section.kind === 'same' && !section.rows.some(kept) && !opened.has(section.id);
  return (
    // The arrow keys move between the lines, which are buttons.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={ref} className={classes.diff} data-split={split} role="group" aria-label={label} onKeyDown={moveBetweenLines}>
      {inRuns(sections, quiet).map((run) => {
        const first = run[0];
        if (!first) return null;
        if (quiet(first)) {
          const said = run.filter((section) => section.rows.some((row) => !row.form));
          const names = [...new Set(said.map((section) => headingOf(section.place)))];
          const count = said.reduce((sum, section) => sum + section.rows.filter((row) => !row.form).length, 0);
          if (count === 0) return null;
          return (
            <button key={first.id} type="button" className={`${classes.fold} ${classes.rest}`} onClick={() => setOpened(new Set([...opened, ...run.map((section) => section.id)]))}>
              <IconChevronRight size={14} aria-hidden />{words.unchangedParts(names.join(', '), count)}
            </button>
          );
        }
        if (first.rows.every((row) => row.form && !kept(row))) return null; // a heading over nothing
        return (
          <section key={first.id} aria-label={headingOf(first.place)}>
            <h2 className={classes.heading}>
              {headingOf(first.place)}
              <small>{first.kind === 'same' ? words.unchanged(first.rows.length) : first.kind === 'changed' ? words.changed(first.changed) : words.kinds[first.kind]}</small>
            </h2>
            {first.kind === 'same' && opened.has(first.id) ? list(first.rows.filter((row) => !row.form)) : body(first)}
          </section>
        );
      })}
    </div>
  );
}

function Drawn({ under, children }: { readonly under: readonly ReactNode[]; readonly children: ReactNode }) {
  return (
    <>
      {children}
      {under.length > 0 && <div className={classes.under}>{under.map((node, at) => <div key={at}>{node}</div>)}</div>}
    </>
  );
}

/** Without the blanks that only the file's form needs. */
function dedent(text: string, indent: number): string {
  return text.slice(Math.min(indent, text.length - text.trimStart().length));
}

/** Neighbouring quiet sections together, every other one alone. */
function inRuns(sections: readonly Section[], quiet: (section: Section) => boolean): Section[][] {
  const runs: Section[][] = [];
  for (const section of sections) {
    const last = runs.at(-1);
    if (last?.[0] && quiet(last[0]) && quiet(section)) last.push(section);
    else runs.push([section]);
  }
  return runs;
}

function moveBetweenLines(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const target = event.target;
  if (step === 0 || !(target instanceof HTMLButtonElement)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLButtonElement>(`.${classes.num}, .${classes.fold}`)];
  const at = all.indexOf(target);
  const next = all[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
