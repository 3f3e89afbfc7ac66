import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '@/frame/roots';

export const open = [
  createRoute({ getParentRoute: () => rootRoute, path: '/sign-in', component: lazyRouteComponent(() => import('./SignInPage'), 'SignInPage') }),
];
