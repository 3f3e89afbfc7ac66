import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/runs', component: lazyPage(() => import('./RunsPage'), 'RunsPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/runs/$number', component: lazyPage(() => import('./RunPage'), 'RunPage') }),
];
