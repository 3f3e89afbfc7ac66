/** The places of the rail and of the bar at the foot. */
import {
  IconFlask, IconClipboardCheck, IconGridDots, IconHome, IconInbox, IconListSearch, IconPlayerPlay, IconRocket, IconSettings, IconShieldCheck, IconTestPipe, IconFileText, type Icon,
} from '@tabler/icons-react';
import { links } from '@/links';
import { strings } from '@/strings';

export interface Place {
  readonly label: string;
  readonly href: string;
  readonly icon: Icon;
  /** Pages below these addresses belong to the place too. */
  readonly covers?: readonly string[];
  /** The second key after `g`. */
  readonly key?: string;
}

const words = strings.frame;

/** Places of one project. */
export function projectPlaces(project: string): readonly Place[] {
  const at = links.project(project);
  return [
    { label: words.home, href: at, icon: IconHome, key: 'h' },
    { label: words.prompts, href: links.prompts(project), icon: IconFileText, covers: [`${at}/prompt/`, `${at}/diff/`, `${at}/new`, `${at}/import`], key: 'p' },
    { label: words.reviews, href: links.reviews(project), icon: IconClipboardCheck, key: 'v' },
    { label: words.releases, href: links.releases(project), icon: IconRocket, covers: [`${at}/env/`, `${at}/compare`], key: 'r' },
    { label: words.matrix, href: links.matrix(project), icon: IconGridDots, key: 'm' },
    { label: words.runs, href: links.runs(project), icon: IconFlask, key: 't' },
    { label: words.playground, href: links.playground(project), icon: IconPlayerPlay, key: 'y' },
    { label: words.suites, href: links.suites(project), icon: IconTestPipe },
    { label: words.compliance, href: links.compliance(project), icon: IconShieldCheck, covers: [`${at}/evidence/`], key: 'c' },
    { label: words.audit, href: links.audit(project), icon: IconListSearch, key: 'a' },
    { label: words.projectSettings, href: links.projectSettings(project), icon: IconSettings },
  ];
}

/** Places outside projects. */
export function commonPlaces(admin: boolean): readonly Place[] {
  const places: Place[] = [
    { label: words.projects, href: links.home(), icon: IconHome },
    { label: words.work, href: links.work(), icon: IconInbox, key: 'w' },
  ];
  if (admin) {
    places.push({ label: words.admin, href: links.admin(), icon: IconSettings, covers: ['/admin/'] });
  }
  return places;
}

/** Whether a page belongs to a place. */
export function isAt(place: Place, pathname: string): boolean {
  const own = place.href.split('?')[0] ?? place.href;
  if (pathname === own) return true;
  if ((place.covers ?? []).some((below) => pathname.startsWith(below))) return true;
  return own.split('/').length > 3 && pathname.startsWith(`${own}/`);
}
