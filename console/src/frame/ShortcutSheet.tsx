/** The sheet of all keyboard shortcuts, opened with `?`. */
import { Kbd, Modal } from '@mantine/core';
import { strings } from '@/strings';
import { useShortcuts, type Shortcut } from './shortcuts';
import classes from './palette.module.css';

const words = strings.frame.keys;
const GROUPS = [['place', words.places], ['everywhere', words.everywhere], ['page', words.page]] as const;
/** Keys that lists listen to by themselves. */
const LISTS: readonly Pick<Shortcut, 'keys' | 'label'>[] = [
  { keys: 'j', label: words.down }, { keys: 'k', label: words.up }, { keys: 'Enter', label: words.open }, { keys: 'Escape', label: words.leave },
];
const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={classes.keys}>
      {keys.split(' ').map((key, at) => <Kbd key={at} size="xs">{key.replace('mod+', mac ? '⌘' : 'Ctrl ').replace(/ ?([a-z])$/, (_, letter: string) => (key.startsWith('mod+') ? ` ${letter.toUpperCase()}` : letter))}</Kbd>)}
    </span>
  );
}

export function ShortcutSheet({ onClose }: { readonly onClose: () => void }) {
  const known = useShortcuts();
  return (
    <Modal opened onClose={onClose} title={words.title} size="lg">
      <div className={classes.sheet}>
        {GROUPS.map(([group, title]) => (
          <Group key={group} title={title} items={known.filter((one, at) => one.group === group && known.findLastIndex(({ keys }) => keys === one.keys) === at)} />
        ))}
        <Group title={words.lists} items={LISTS} />
      </div>
    </Modal>
  );
}

function Group({ title, items }: { readonly title: string; readonly items: readonly Pick<Shortcut, 'keys' | 'label'>[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl>{[...new Set(items.map(({ label }) => label))].map((label) => <div key={label}><dt>{label}</dt><dd>{items.filter((one) => one.label === label).map(({ keys }) => <Keys key={keys} keys={keys} />)}</dd></div>)}</dl>
    </section>
  );
}
