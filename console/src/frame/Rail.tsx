/** The rail: places outside projects, the project, its places. */
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

function Places({ places, onGo }: { readonly places: readonly Place[]; readonly onGo?: () => void }) {
  const pathname = usePathname();
  return (
    <ul className={classes.places}>
      {places.map((place) => (
        <li key={place.href}>
          <AppLink plain href={place.href} className={classes.place} aria-current={isAt(place, pathname) ? 'page' : undefined} onClick={onGo}>
            <place.icon size={17} stroke={1.7} aria-hidden />
            <span>{place.label}</span>
            {place.href === links.work() && <WorkCount />}
          </AppLink>
        </li>
      ))}
    </ul>
  );
}

export function Rail({ onGo }: { readonly onGo?: () => void }) {
  const { project } = useParams({ strict: false });
  const me = useMe();
  return (
    <nav className={classes.railInside} aria-label={strings.frame.navigation}>
      <AppLink plain href={links.home()} className={classes.brand} onClick={onGo}>
        <img src="/icon.svg" alt="" width={22} height={22} />
        {strings.common.product}
      </AppLink>
      <Places places={commonPlaces(me?.admin ?? false)} onGo={onGo} />
      <ProjectSwitcher project={project} />
      {project !== undefined && <Places places={projectPlaces(project)} onGo={onGo} />}
    </nav>
  );
}
