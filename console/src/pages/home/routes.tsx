import { createRoute } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/', component: lazyPage(() => import('./ProjectsPage'), 'ProjectsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/welcome', component: lazyPage(() => import('./WelcomePage'), 'WelcomePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/search', component: lazyPage(() => import('./SearchPage'), 'SearchPage') }),
];

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/', component: lazyPage(() => import('./ProjectHome'), 'ProjectHome') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/import', component: lazyPage(() => import('./ImportPage'), 'ImportPage') }),
];
