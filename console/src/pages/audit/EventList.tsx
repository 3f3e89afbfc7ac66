/** Events as rows, only those in sight drawn; `j`, `k` and the arrows move, Enter opens. */
import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconBan, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Chip } from '@/parts/Chip';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { actionInWords, objectInWords, type Entry } from './entry';
import classes from './audit.module.css';

const words = strings.audit;

export interface EventListProps {
  readonly items: readonly Entry[];
  readonly chosen: number | undefined;
  readonly onChoose: (seq: number) => void;
  readonly more: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; readonly fetchNextPage: () => unknown };
}

export function EventList({ items, chosen, onChoose, more }: EventListProps) {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery('(max-width: 719px)', false, { getInitialValueInEffect: false });
  const size = narrow ? 62 : 40;
  // The library keeps its own state; the compiler of React cannot memoize what it gives.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => box.current, estimateSize: () => size, overscan: 12 });
  const [wanted, setWanted] = useState<number>();
  const drawn = rows.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = more;
  useEffect(() => {
    if (last >= items.length - 20 && hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  useEffect(() => rows.measure(), [rows, size]);
  useEffect(() => {
    if (wanted === undefined) return;
    box.current?.querySelector<HTMLElement>(`[data-at="${wanted}"]`)?.focus();
  }, [wanted]);
  const move = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const at = Number((event.target as HTMLElement).dataset.at);
    if (step === undefined || Number.isNaN(at) || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    const to = Math.min(Math.max(at + step, 0), items.length - 1);
    rows.scrollToIndex(to);
    setWanted(to);
  };
  return (
    <div ref={box} className={classes.box}>
      <ol className={classes.inner} style={{ height: rows.getTotalSize() }} aria-label={words.list}>
        {drawn.map(({ index, start }) => {
          const entry = items[index] as Entry;
          return (
            <li key={entry.seq} style={{ transform: `translateY(${start}px)` }}>
              <button type="button" className={classes.row} data-at={index} aria-current={entry.seq === chosen} onKeyDown={move} onClick={() => onChoose(entry.seq)}>
                <span className={classes.when}><Time at={entry.occurred_at} /></span>
                <span className={classes.who}>{entry.actor.name ?? entry.actor.type}</span>
                <span className={classes.about}>{[actionInWords(entry.action), objectInWords(entry.object)].filter(Boolean).join(' · ')}</span>
                <span className={classes.end}>
                  {entry.environment && !narrow && <Chip tone={entry.environment === 'production' ? 'production' : 'plain'}>{entry.environment}</Chip>}
                  {entry.outcome === 'denied' && <Chip tone="warn" icon={IconBan}>{words.outcomes.denied}</Chip>}
                  {entry.outcome === 'failed' && <Chip tone="bad" icon={IconX}>{words.outcomes.failed}</Chip>}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
