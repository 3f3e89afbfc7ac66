import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/work', component: lazyRouteComponent(() => import('./WorkPage'), 'WorkPage') }),
];

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/reviews', component: lazyRouteComponent(() => import('./ReviewsPage'), 'ReviewsPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/reviews/$number', component: lazyRouteComponent(() => import('./ReviewPage'), 'ReviewPage') }),
];
