/** The command palette's button and keys, and the sheet of shortcuts; both boxes are loaded when they are first opened. */
import { Kbd, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { useMe } from '@/api/session';
import { useGo, usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import { commonPlaces, projectPlaces } from './places';
import { rememberThing, thingAt } from './recent';
import { useShortcut, useShortcutKeys } from './shortcuts';
import classes from './frame.module.css';

const Box = lazy(() => import('./PaletteBox').then(({ PaletteBox }) => ({ default: PaletteBox })));
const Sheet = lazy(() => import('./ShortcutSheet').then(({ ShortcutSheet }) => ({ default: ShortcutSheet })));
const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Palette() {
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  const close = useCallback(() => setOpen(null), []);
  const keys = useCallback(() => setOpen('keys'), []);
  useShortcutKeys();
  useShortcut('mod+k', strings.frame.search, () => setOpen(open === 'palette' ? null : 'palette'), 'everywhere');
  useShortcut('/', strings.frame.search, () => setOpen('palette'), 'everywhere');
  useShortcut('?', strings.frame.palette.keys, keys, 'everywhere');
  useRemembering();
  return (
    <>
      <UnstyledButton className={classes.search} onClick={() => setOpen('palette')} aria-label={strings.frame.search} aria-keyshortcuts="Control+K /">
        <IconSearch size={16} aria-hidden />
        <span>{strings.frame.search}</span>
        <Kbd size="xs" aria-hidden>{mac ? '⌘ K' : 'Ctrl K'}</Kbd>
      </UnstyledButton>
      <PlaceKeys />
      <Suspense fallback={null}>
        {open === 'palette' && <Box onClose={close} onKeys={keys} />}
        {open === 'keys' && <Sheet onClose={close} />}
      </Suspense>
    </>
  );
}

/** `g` and the place's key go there. */
function PlaceKeys() {
  const { project } = useParams({ strict: false });
  const me = useMe();
  const places = [...commonPlaces(me?.admin ?? false), ...(project === undefined ? [] : projectPlaces(project))];
  return places.map((place) => place.key && <PlaceKey key={place.href} keys={`g ${place.key}`} label={place.label} href={place.href} />);
}

function PlaceKey({ keys, label, href }: { readonly keys: string; readonly label: string; readonly href: string }) {
  const go = useGo();
  useShortcut(keys, label, () => go(href), 'place');
  return null;
}

function useRemembering(): void {
  const pathname = usePathname();
  useEffect(() => {
    const title = thingAt(pathname);
    if (title !== null) rememberThing({ href: pathname, title });
  }, [pathname]);
}
