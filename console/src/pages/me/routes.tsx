import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/me', component: lazyPage(() => import('./AccountPage'), 'AccountPage') }),
];
