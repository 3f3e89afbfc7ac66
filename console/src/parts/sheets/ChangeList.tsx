/** What a release changes, prompt by prompt: each opens its diff. Hundreds stay quick: only what is in sight is drawn. */
import { Badge, TextInput } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { PromptDiff } from '@/parts/diff/PromptDiff';
import { strings } from '@/strings';
import classes from './sheets.module.css';

const words = strings.sheets;

export interface Change {
  readonly path: string;
  readonly state: 'live' | 'suspended' | 'removed';
  readonly version: number;
  readonly previous: number | null;
  /** Parts of the file that differ, where they are known. */
  readonly sections?: readonly { readonly section: string }[] | null;
}

export interface ChangeListProps {
  readonly project: string;
  readonly items: readonly Change[];
  /** What stands on the old side of the diff; by default the version before. */
  readonly from?: string;
}

const PLAIN = 25;

export function ChangeList({ project, items, from }: ChangeListProps) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(items.length === 1 && items[0] ? [items[0].path] : []));
  const [wanted, setWanted] = useState('');
  const shown = useMemo(() => {
    const part = wanted.trim().toLowerCase();
    return part === '' ? items : items.filter(({ path }) => path.toLowerCase().includes(part));
  }, [items, wanted]);
  const toggle = (path: string): void => {
    const next = new Set(open);
    if (!next.delete(path)) next.add(path);
    setOpen(next);
  };
  const row = (item: Change) => <Row key={item.path} project={project} item={item} from={from} open={open.has(item.path)} onToggle={() => toggle(item.path)} />;
  return (
    <>
      {items.length > PLAIN && (
        <TextInput
          mb={8} size="xs" leftSection={<IconSearch size={14} />} aria-label={words.findChange} placeholder={words.findChange}
          value={wanted} onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {shown.length > PLAIN ? <Windowed items={shown} row={row} /> : <div className={classes.list}>{shown.map(row)}</div>}
    </>
  );
}

function Windowed({ items, row }: { readonly items: readonly Change[]; readonly row: (item: Change) => React.ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  // The rows measure themselves; the compiler leaves this component alone.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => box.current, estimateSize: () => 41, overscan: 8, getItemKey: (at) => items[at]?.path ?? at });
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} className={classes.window} tabIndex={0} role="group" aria-label={words.changes}>
      <div className={classes.windowInside} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const item = items[index];
          return item && <div key={key} ref={rows.measureElement} data-index={index} className={classes.windowRow} style={{ transform: `translateY(${start}px)` }}>{row(item)}</div>;
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly project: string;
  readonly item: Change;
  readonly from: string | undefined;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function Row({ project, item, from, open, onToggle }: RowProps) {
  const { path, state, version, previous, sections } = item;
  const before = previous === null ? null : (from ?? previous);
  const same = previous === version && state === 'live';
  return (
    <div className={classes.change}>
      <button type="button" className={classes.changeHead} aria-expanded={open} onClick={onToggle}>
        <IconChevronRight size={16} className={classes.turn} data-open={open} aria-hidden />
        <span className={classes.path} title={path}>{path}</span>
        {sections?.slice(0, 3).map(({ section: name }) => <Badge key={name} size="sm" variant="default" visibleFrom="sm" tt="none" fw={450}>{name}</Badge>)}
        <span className={classes.small}>{state === 'live' ? words.from(previous, version) : `v${version} ${words.becomes[state] ?? state}`}</span>
      </button>
      {open && (
        <div className={classes.diff}>
          {state === 'live' && !same ? <PromptDiff project={project} path={path} from={before} to={version} /> : <p className={classes.soft}>{words.becomes[state]}</p>}
        </div>
      )}
    </div>
  );
}
