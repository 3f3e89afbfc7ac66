import { createRoute } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/work', component: lazyPage(() => import('./WorkPage'), 'WorkPage') }),
];

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/reviews', component: lazyPage(() => import('./ReviewsPage'), 'ReviewsPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/reviews/$number', component: lazyPage(() => import('./ReviewPage'), 'ReviewPage') }),
];
