import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '@/frame/roots';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/', component: lazyRouteComponent(() => import('./ProjectsPage'), 'ProjectsPage') }),
];
