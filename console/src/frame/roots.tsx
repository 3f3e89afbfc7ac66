/** The trunk of the route tree; areas hang their pages on it. `/p/$project/…` pages know their project. */
import { createRootRoute, createRoute, redirect } from '@tanstack/react-router';
import { queries } from '@/api/queries';
import { meQuery, sessionQuery } from '@/api/session';
import { links } from '@/links';
import { Failed, NotFound } from './Fallbacks';
import { Root } from './Root';
import { lazyPage } from '@/parts/lazily';

export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: Failed });

/** Everything that needs a person: without one, the sign-in page comes first and leads back. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    const session = await queries.ensureQueryData(sessionQuery);
    if (session === null) {
      throw redirect({ href: links.signIn(location.pathname + location.searchStr) });
    }
    // Until an authenticator app is set up the server refuses everything else.
    if (session.must.includes('enrol_totp') && location.pathname !== links.account()) throw redirect({ href: links.account() });
    // Who it is decides which places the rail shows: known before it is drawn, so that it does not jump.
    await queries.ensureQueryData(meQuery).catch(() => undefined);
  },
  component: lazyPage(() => import('./Shell'), 'Shell'),
  errorComponent: Failed,
  notFoundComponent: NotFound,
});

/** Pages of one project. */
export const projectRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/p/$project',
  component: lazyPage(() => import('./ProjectFrame'), 'ProjectFrame'),
  errorComponent: Failed,
  notFoundComponent: NotFound,
});

/** The project of the page; only below `projectRoute`. */
export function useProject(): string {
  return projectRoute.useParams().project;
}
