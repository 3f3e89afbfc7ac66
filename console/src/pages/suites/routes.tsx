import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/suites', component: lazyPage(() => import('./SuitesPage'), 'SuitesPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/suites/$', component: lazyPage(() => import('./SuitePage'), 'SuitePage') }),
];
