/** How a call, or all calls of a case, ended: a shape with its word. */
import { IconAlertTriangle, IconBan, IconCheck, IconCircleDashed, IconClock, IconX, type Icon } from '@tabler/icons-react';
import { strings } from '@/strings';
import type { Outcome } from './results';
import own from './runs.module.css';

const LOOK: Readonly<Record<Outcome, readonly [Icon, string | undefined]>> = {
  passed: [IconCheck, own.good], failed: [IconX, own.bad], unchecked: [IconCircleDashed, own.idle], error: [IconAlertTriangle, own.warn], skipped: [IconBan, own.idle], waiting: [IconClock, own.idle],
};

export function Mark({ outcome, bare = false }: { readonly outcome: Outcome; readonly bare?: boolean }) {
  const [Shape, colour] = LOOK[outcome];
  const word = strings.runs.cellStates[outcome] ?? outcome;
  return (
    <span className={[own.mark, colour].join(' ')} title={bare ? word : undefined} style={bare ? { padding: 0 } : undefined}>
      <Shape size={17} stroke={2.4} aria-hidden={!bare} aria-label={bare ? word : undefined} />
      {!bare && word}
    </span>
  );
}
