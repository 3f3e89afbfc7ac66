import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/diff/$', component: lazyPage(() => import('./DiffPage'), 'DiffPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/compare', component: lazyPage(() => import('./ComparePage'), 'ComparePage') }),
];
