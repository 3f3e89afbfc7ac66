/** Above the content: that the server is away (goes by itself), that no change is taken, that a password has to be changed. */
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { queries } from '@/api/queries';
import { tellReach, useReach } from '@/api/reach';
import { sessionQuery } from '@/api/session';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import { SetBack } from './SetBack';
import classes from './frame.module.css';

const words = strings.frame;
const AGAIN_MS = 3000;
/** How old the knowledge of a database set back may be; a refused change tells at once. */
const LOOK_MS = 60_000;

export function Banner() {
  const away = !useReach();
  const pathname = usePathname();
  const session = useQuery({ ...sessionQuery, refetchInterval: LOOK_MS }).data;
  useWatch(away);
  if (away) {
    return <div className={classes.banner} role="status"><IconPlugConnectedX size={18} aria-hidden />{words.offline}</div>;
  }
  const password = session?.must.includes('change_password') && pathname !== links.account();
  return (
    <>
      {session?.set_back && <SetBack {...session.set_back} />}
      {password && (
        <div className={classes.banner} role="status">
          <IconAlertTriangle size={18} aria-hidden /><span>{words.changePassword} <AppLink plain href={links.account()}>{words.changePasswordLink}</AppLink></span>
        </div>
      )}
    </>
  );
}

/** While the server is away ask for a sign of life, and refresh all when it comes. A browser without a network asks nothing: that counts as away. */
function useWatch(away: boolean): void {
  useEffect(() => {
    const cut = (): void => tellReach(false);
    window.addEventListener('offline', cut);
    return () => window.removeEventListener('offline', cut);
  }, []);
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => {
      fetch('/readyz', { cache: 'no-store' }).then(
        () => {
          tellReach(true);
          void queries.invalidateQueries();
        },
        () => undefined,
      );
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [away]);
}
