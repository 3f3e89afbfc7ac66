/** One row of a comparison: beside each other, or below each other. */
import { memo, useMemo, type ReactNode } from 'react';
import { strings } from '@/strings';
import type { DiffLine } from './PromptDiff';
import { compareWords, type Piece } from './words';
import classes from './diff.module.css';

const words = strings.diff;

export interface RowSide {
  readonly line: number;
  readonly text: string;
}

export interface DiffRowProps {
  readonly before: RowSide | null;
  readonly after: RowSide | null;
  readonly same: boolean;
  readonly split: boolean;
  /** Which lines of this row can be chosen, and what is done then. */
  readonly onLine: ((at: DiffLine) => void) | undefined;
  readonly commenting: boolean;
  /** Name of the line the address points at: `24`, or `b24` of the old content. */
  readonly pointed: string | undefined;
}

function Text({ pieces, text, side, pointed, split }: { readonly pieces: readonly Piece[] | undefined; readonly text: string; readonly side: 'added' | 'removed' | 'same'; readonly pointed: boolean; readonly split: boolean }) {
  const sign = side === 'added' ? '+' : side === 'removed' ? '−' : ' ';
  const said = side === 'added' ? words.added : side === 'removed' ? words.removed : undefined;
  const Mark = side === 'added' ? 'ins' : 'del';
  return (
    <div className={[classes.text, pointed ? classes.pointed : '', split ? '' : ''].join(' ')} data-side={side} data-sign={sign}>
      {said && <span className="mantine-visually-hidden" style={HIDDEN}>{said}: </span>}
      {pieces === undefined ? text : pieces.map((piece, at) => (piece.marked ? <Mark key={at} className={classes.marked} style={PLAIN}>{piece.text}</Mark> : <span key={at}>{piece.text}</span>))}
    </div>
  );
}

const HIDDEN = { position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)', whiteSpace: 'nowrap' } as const;
const PLAIN = { textDecoration: 'none' } as const;

function Number({ at, side, onLine, commenting, className }: { readonly at: DiffLine; readonly side: 'added' | 'removed' | 'same'; readonly onLine: ((at: DiffLine) => void) | undefined; readonly commenting: boolean; readonly className?: string }) {
  const name = `${at.side === 'before' ? 'b' : ''}${at.line}`;
  return (
    <button
      type="button" tabIndex={-1} id={`line-${name}`} data-side={side} className={[classes.num, className ?? ''].join(' ')}
      aria-label={commenting ? words.comment(at.line) : words.link(at.line)} onClick={() => onLine?.(at)}
    >
      {commenting && <span className={classes.plus} aria-hidden>+</span>}
      {at.line}
    </button>
  );
}

export const DiffRow = memo(function DiffRow({ before, after, same, split, onLine, commenting, pointed }: DiffRowProps) {
  const pieces = useMemo(() => (before && after && !same ? compareWords(before.text, after.text) : undefined), [before, after, same]);
  const row: ReactNode[] = [];
  const oldLine = before && { side: 'before', line: before.line } as const;
  const newLine = after && { side: 'after', line: after.line } as const;
  const leftSide = same ? 'same' : 'removed';
  const rightSide = same ? 'same' : 'added';
  if (split) {
    row.push(
      oldLine ? <Number key="a" at={oldLine} side={leftSide} onLine={onLine} commenting={commenting && !after} /> : <span key="a" className={classes.none} />,
      before ? <Text key="b" text={before.text} pieces={pieces?.before} side={leftSide} split pointed={pointed === `b${before.line}`} /> : <span key="b" className={classes.none} />,
      newLine ? <Number key="c" at={newLine} side={rightSide} onLine={onLine} commenting={commenting} className={classes.split} /> : <span key="c" className={`${classes.none} ${classes.split}`} />,
      after ? <Text key="d" text={after.text} pieces={pieces?.after} side={rightSide} split pointed={pointed === String(after.line)} /> : <span key="d" className={classes.none} />,
    );
    return <div className={classes.row}>{row}</div>;
  }
  return (
    <>
      {before && oldLine && !same && (
        <div className={classes.row}>
          <Number at={oldLine} side="removed" onLine={onLine} commenting={commenting && !after} />
          <Text text={before.text} pieces={pieces?.before} side="removed" split={false} pointed={pointed === `b${before.line}`} />
        </div>
      )}
      {after && newLine && (
        <div className={classes.row}>
          <Number at={newLine} side={rightSide} onLine={onLine} commenting={commenting} />
          <Text text={after.text} pieces={pieces?.after} side={rightSide} split={false} pointed={pointed === String(after.line)} />
        </div>
      )}
    </>
  );
});
