/** The rail: places outside projects, the project, its places. */
import { UnstyledButton } from '@mantine/core';
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useMe } from '@/api/session';
import { AppLink } from '@/parts/AppLink';
import { usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import { ProjectSwitcher } from './ProjectSwitcher';
import { WorkCount } from './WorkCount';
import { commonPlaces, isAt, projectPlaces, type Place } from './places';
import { links } from '@/links';
import classes from './frame.module.css';

function Places({ places, folded, onGo }: { readonly places: readonly Place[]; readonly folded?: boolean; readonly onGo?: () => void }) {
  const pathname = usePathname();
  return (
    <ul className={classes.places}>
      {places.map((place) => (
        <li key={place.href}>
          <AppLink plain href={place.href} className={classes.place} aria-current={isAt(place, pathname) ? 'page' : undefined} onClick={onGo} title={folded ? place.label : undefined}>
            <place.icon size={17} stroke={1.7} aria-hidden />
            <span>{place.label}</span>
            {place.href === links.work() && <WorkCount />}
          </AppLink>
        </li>
      ))}
    </ul>
  );
}

export interface RailProps {
  /** Only pictures; names on hover. */
  readonly folded?: boolean;
  readonly onFold?: () => void;
  /** In a drawer, which has the product's name as its title: told when somebody goes somewhere. */
  readonly onGo?: () => void;
}

export function Rail({ folded, onFold, onGo }: RailProps) {
  const { project } = useParams({ strict: false });
  const me = useMe();
  return (
    <nav className={classes.railInside} aria-label={strings.frame.navigation}>
      {!onGo && (
        <AppLink plain href={links.home()} className={classes.brand}>
          <img src="/icon.svg" alt="" width={22} height={22} />
          <span>{strings.common.product}</span>
        </AppLink>
      )}
      <Places places={commonPlaces(me?.admin ?? false)} folded={folded} onGo={onGo} />
      {!folded && <ProjectSwitcher project={project} onGo={onGo} />}
      {project !== undefined && <Places places={projectPlaces(project)} folded={folded} onGo={onGo} />}
      {onFold && (
        <UnstyledButton className={[classes.place, classes.fold].join(' ')} onClick={onFold} aria-expanded={!folded} aria-label={folded ? strings.frame.unfold : strings.frame.fold} title={folded ? strings.frame.unfold : undefined}>
          {folded ? <IconLayoutSidebarLeftExpand size={17} stroke={1.7} aria-hidden /> : <IconLayoutSidebarLeftCollapse size={17} stroke={1.7} aria-hidden />}
          <span>{strings.frame.fold}</span>
        </UnstyledButton>
      )}
    </nav>
  );
}
