/** The command palette: recent things, places, actions, and whatever the quick search finds. */
import { Kbd, Loader, Modal, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconHistory, IconSearch, type Icon } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { findQuickly, HIT_ICONS, hitHref } from '@/parts/hits';
import { links } from '@/links';
import { useGo, useHref } from '@/parts/navigate';
import { strings } from '@/strings';
import { Keys } from './ShortcutSheet';
import { recentThings } from './recent';
import { grouped, matching, type Command } from './commands';
import { useCommands } from './useCommands';
import classes from './palette.module.css';

const words = strings.frame.palette;

export function PaletteBox({ onClose, onKeys }: { readonly onClose: () => void; readonly onKeys: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [asked] = useDebouncedValue(text.trim(), 120);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const go = useGo();
  const here = useHref();
  const commands = useCommands(onKeys);
  const found = useQuery({ queryKey: ['search', asked], enabled: asked !== '', staleTime: 15_000, queryFn: () => findQuickly(asked) });

  const all = useMemo(() => {
    const recent: Command[] = recentThings().filter(({ href }) => href !== here).slice(0, 6)
      .map(({ href, title }) => ({ id: `recent ${href}`, group: words.recent, label: title, icon: IconHistory, run: () => go(href) }));
    const hits: Command[] = text.trim() === '' ? [] : (found.data?.items ?? []).map((hit) => ({
      id: `${hit.kind} ${hit.address} ${hit.number ?? ''}`, group: words.found, label: hit.title, hint: hit.kind === 'prompt' ? hit.address : hit.subtitle, icon: HIT_ICONS[hit.kind], run: () => go(hitHref(hit)),
    }));
    const more: Command[] = text.trim() === '' ? [] : [{ id: 'all', group: words.found, label: words.searchAll(text.trim()), icon: IconSearch, run: () => go(links.search(text.trim())) }];
    return [...matching([...recent], text), ...hits, ...matching(commands, text), ...more];
  }, [text, found.data, commands, go, here]);

  const at = Math.min(chosen, all.length - 1);
  useEffect(() => { list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }); }, [at]);
  const run = (command: Command | undefined): void => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setChosen((at + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % Math.max(all.length, 1));
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(all[at]);
    }
  };
  return (
    <Modal opened onClose={onClose} withCloseButton={false} padding={0} size={620} centered={false} yOffset="10dvh" aria-label={strings.frame.search}>
      <div className={classes.box}>
        <div className={classes.ask}>
          <IconSearch size={18} aria-hidden />
          <input
            data-autofocus role="combobox" aria-expanded aria-controls={id} aria-activedescendant={all[at] && `${id}-${at}`} aria-label={strings.frame.search}
            placeholder={words.ask} value={text} maxLength={200} autoComplete="off" spellCheck={false}
            onChange={(event) => { setText(event.currentTarget.value); setChosen(0); }} onKeyDown={onKeyDown}
          />
          {found.isFetching && <Loader size={16} />}
        </div>
        <div className={classes.found} id={id} role="listbox" aria-label={words.results} ref={list}>
          {all.length === 0 && <p className={classes.nothing}>{words.nothing}</p>}
          {grouped(all).map(([group, items]) => (
            <div key={group} role="group" aria-label={group}>
              <h3 aria-hidden>{group}</h3>
              {items.map(({ command, at: place }) => (
                <Line key={command.id} id={`${id}-${place}`} command={command} selected={place === at} onPoint={() => setChosen(place)} onRun={() => run(command)} />
              ))}
            </div>
          ))}
        </div>
        <div className={classes.hint} aria-hidden><span><Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> {words.move}</span><span><Kbd size="xs">↵</Kbd> {words.open}</span><span><Kbd size="xs">Esc</Kbd> {words.leave}</span></div>
        <VisuallyHidden role="status">{words.count(all.length)}</VisuallyHidden>
      </div>
    </Modal>
  );
}

interface LineProps {
  readonly id: string;
  readonly command: Command;
  readonly selected: boolean;
  readonly onPoint: () => void;
  readonly onRun: () => void;
}

function Line({ id, command, selected, onPoint, onRun }: LineProps) {
  const Mark: Icon = command.icon;
  return (
    // The keyboard works in the field above, as in every combobox.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div id={id} role="option" aria-selected={selected} tabIndex={-1} className={classes.one} onMouseMove={onPoint} onClick={onRun}>
      <Mark size={16} stroke={1.7} aria-hidden />
      <span className={classes.what}>{command.label}{command.hint && <small>{command.hint}</small>}</span>
      {command.keys && <Keys keys={command.keys} />}
    </div>
  );
}
