import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/', component: lazyRouteComponent(() => import('./ProjectsPage'), 'ProjectsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/welcome', component: lazyRouteComponent(() => import('./WelcomePage'), 'WelcomePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/search', component: lazyRouteComponent(() => import('./SearchPage'), 'SearchPage') }),
];

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/', component: lazyRouteComponent(() => import('./ProjectHome'), 'ProjectHome') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/import', component: lazyRouteComponent(() => import('./ImportPage'), 'ImportPage') }),
];
