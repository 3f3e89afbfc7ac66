/** Modules and prompts as a tree, only the lines in sight drawn; arrows move, open and close, letters jump, Enter opens, Space selects. */
import { Button, Skeleton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconFolder, IconFolderOpen } from '@tabler/icons-react';
import { useRef, type KeyboardEvent } from 'react';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { parentOf, typedTo, type Row } from './levels';
import { PromptCells } from './PromptCells';
import { HeadRow } from './HeadRow';
import { useLine } from './useLine';
import { useWindow } from './useWindow';
import type { Selection } from './selection';
import classes from './prompts.module.css';

const words = strings.prompts;
const TYPING_MS = 700;

export interface TreeTableProps {
  readonly project: string;
  readonly rows: readonly Row[];
  readonly environments: readonly string[];
  readonly selection: Selection;
  readonly onTurn: (module: string, open: boolean) => void;
  readonly onMore: (module: string) => void;
}

export function TreeTable({ project, rows, environments, selection, onTurn, onMore }: TreeTableProps) {
  const go = useGo();
  const typed = useRef({ text: '', at: 0 });
  const { box, lines, height, show, start } = useWindow(rows.length);
  const { here, setAt, move } = useLine(rows.length, box, show);
  const enter = (row: Row | undefined): void => {
    if (row?.kind === 'module') onTurn(row.module.path, !row.open);
    else if (row?.kind === 'prompt') go(links.prompt(project, row.prompt.path));
    else if (row?.kind === 'more') onMore(row.module);
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[here];
    const key = event.key;
    if (key.length > 1) typed.current = { text: '', at: 0 };
    if (key === 'ArrowDown') move(here + 1);
    else if (key === 'ArrowUp') move(here - 1);
    else if (key === 'Home') move(0);
    else if (key === 'End') move(rows.length - 1);
    else if (key === 'PageDown') move(here + 12);
    else if (key === 'PageUp') move(here - 12);
    else if (key === 'ArrowRight' && row?.kind === 'module') {
      if (row.open) move(here + 1);
      else onTurn(row.module.path, true);
    } else if (key === 'ArrowLeft') {
      if (row?.kind === 'module' && row.open) onTurn(row.module.path, false);
      else move(parentOf(rows, here) ?? here);
    } else if (key === 'Enter') enter(row);
    else if (key === ' ' && row?.kind === 'prompt') selection.turn(row.prompt.path, row.prompt.version);
    else if (key.length === 1 && /[\p{L}\p{N}_.-]/u.test(key)) {
      const now = Date.now();
      typed.current = { text: now - typed.current.at > TYPING_MS ? key : typed.current.text + key, at: now };
      move(typedTo(rows, here, typed.current.text));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.grid} style={{ '--places': environments.length } as React.CSSProperties}>
      <HeadRow environments={environments} />
      <div ref={box} role="tree" aria-label={words.tree} aria-multiselectable tabIndex={-1} onKeyDown={pressed} style={{ height, position: 'relative' }}>
        {lines.map((line) => {
          const row = rows[line.index];
          if (!row) return null;
          return (
            <div
              key={row.id} role="treeitem" data-at={line.index} tabIndex={line.index === here ? 0 : -1} aria-level={row.depth + 1}
              aria-expanded={row.kind === 'module' ? row.open : undefined} aria-selected={row.kind === 'prompt' && selection.has(row.prompt.path)}
              className={classes.row} aria-label={row.kind === 'waiting' ? strings.common.loading : undefined} onFocus={() => setAt(line.index)} style={{ top: line.start - start, '--depth': row.depth } as React.CSSProperties}
            >
              {row.kind === 'module' && <ModuleCells row={row} onTurn={() => onTurn(row.module.path, !row.open)} />}
              {row.kind === 'prompt' && <PromptCells project={project} prompt={row.prompt} state={row.prompt.state} environments={environments} chosen={selection.has(row.prompt.path)} onChoose={selection.turn} short />}
              {row.kind === 'waiting' && <div className={classes.name}><Skeleton height={14} width={180} /></div>}
              {row.kind === 'more' && <div className={classes.name}><Button size="compact-xs" variant="subtle" tabIndex={-1} onClick={() => onMore(row.module)}>{words.more}</Button></div>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function ModuleCells({ row, onTurn }: { readonly row: Extract<Row, { kind: 'module' }>; readonly onTurn: () => void }) {
  const { name, prompts, more } = row.module;
  return (
    // The line itself is what the keyboard reaches.
    <button type="button" tabIndex={-1} className={classes.module} onClick={onTurn} title={row.open ? words.close(name) : words.open(name)}>
      {row.open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
      {row.open ? <IconFolderOpen size={17} stroke={1.6} aria-hidden /> : <IconFolder size={17} stroke={1.6} aria-hidden />}
      <span>{name}</span>
      <small>{words.inside(prompts, more)}</small>
    </button>
  );
}
