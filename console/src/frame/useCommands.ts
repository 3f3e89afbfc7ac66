/** Places and actions of the palette, for the project and prompt that are shown. */
import { useMantineColorScheme } from '@mantine/core';
import {
  IconArrowBackUp, IconArrowsDiff, IconColorSwatch, IconFileImport, IconFilePlus, IconFolderPlus, IconKeyboard, IconLogout, IconRocket, IconUserCircle,
} from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useMe } from '@/api/session';
import { links, withSheet } from '@/links';
import { useGo, useHref, usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import type { Command } from './commands';
import { commonPlaces, projectPlaces } from './places';
import { useSignOut } from './useSignOut';

const words = strings.frame.palette;

export function useCommands(onKeys: () => void): readonly Command[] {
  const { project, _splat: splat } = useParams({ strict: false }) as { project?: string; _splat?: string };
  const pathname = usePathname();
  const href = useHref();
  const go = useGo();
  const me = useMe();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  return useMemo(() => {
    const places = [...(project === undefined ? [] : projectPlaces(project)), ...commonPlaces(me?.admin ?? false)];
    const commands: Command[] = places.map((place) => ({
      id: `place ${place.href}`, group: words.places, label: place.label, hint: place.href.startsWith('/p/') ? project : undefined, icon: place.icon,
      keys: place.key && `g ${place.key}`, run: () => go(place.href),
    }));
    const act = (label: string, icon: Command['icon'], run: () => void, keys?: string, hint?: string): void => {
      commands.push({ id: `act ${label}`, group: words.actions, label, icon, run, keys, hint });
    };
    if (project !== undefined) {
      const prompt = pathname.startsWith(`${links.project(project)}/prompt/`) ? splat : undefined;
      act(words.newPrompt, IconFilePlus, () => go(links.newPrompt(project)));
      act(words.importPrompts, IconFileImport, () => go(links.importInto(project)));
      act(words.publish, IconRocket, () => go(withSheet(href, { sheet: 'publish', prompts: prompt })), undefined, prompt);
      act(words.rollback, IconArrowBackUp, () => go(withSheet(href, { sheet: 'rollback', prompts: prompt })), undefined, prompt);
      act(words.compare, IconArrowsDiff, () => go(links.compare(project)));
    }
    if (me?.admin) act(words.newProject, IconFolderPlus, () => go(`${links.home()}?new=project`));
    for (const [scheme, label] of [['light', words.light], ['dark', words.dark], ['auto', words.system]] as const) {
      act(label, IconColorSwatch, () => setColorScheme(scheme));
    }
    act(words.keys, IconKeyboard, onKeys, '?');
    act(strings.frame.account, IconUserCircle, () => go(links.account()));
    act(strings.frame.signOut, IconLogout, signOut);
    return commands;
  }, [project, splat, pathname, href, go, me, signOut, setColorScheme, onKeys]);
}
