/** The command palette's button and keys, and the sheet of shortcuts; both boxes are loaded when they are first opened. */
import { Kbd, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useMe } from '@/api/session';
import { useGo, usePathname } from '@/parts/navigate';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import { commonPlaces, projectPlaces } from './places';
import { rememberThing, thingAt } from './recent';
import { useShortcut, useShortcutKeys } from './shortcuts';
import classes from './frame.module.css';

const loadBox = () => again(() => import('./PaletteBox')).then(({ PaletteBox }) => ({ default: PaletteBox }));
const Box = lazy(loadBox);
const Sheet = lazy(() => again(() => import('./ShortcutSheet')).then(({ ShortcutSheet }) => ({ default: ShortcutSheet })));
const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Palette() {
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  const before = useRef<Element | null>(null);
  const show = useCallback((what: 'palette' | 'keys') => {
    // From the palette to the sheet: focus goes back to where the first was opened.
    if (!document.activeElement?.closest('[role="dialog"]')) before.current = document.activeElement;
    setOpen(what);
  }, []);
  const close = useCallback(() => {
    setOpen(null);
    requestAnimationFrame(() => { if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus({ preventScroll: true }); });
  }, []);
  const keys = useCallback(() => show('keys'), [show]);
  useShortcutKeys();
  useShortcut('mod+k', strings.frame.search, () => (open === 'palette' ? close() : show('palette')), 'everywhere');
  useShortcut('/', strings.frame.search, () => show('palette'), 'everywhere');
  useShortcut('?', strings.frame.palette.keys, keys, 'everywhere');
  useRemembering();
  // Fetched once the page stands: whoever types at once after Ctrl-K loses no letter to a download.
  useEffect(() => {
    const timer = setTimeout(() => void loadBox(), 2000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <UnstyledButton className={classes.search} onClick={() => show('palette')} aria-label={`${strings.frame.search} ${mac ? '⌘ K' : 'Ctrl K'}`} aria-keyshortcuts="Control+K /">
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
