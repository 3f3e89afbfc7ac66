import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const open = [
  createRoute({ getParentRoute: () => rootRoute, path: '/sign-in', component: lazyPage(() => import('./SignInPage'), 'SignInPage') }),
];
