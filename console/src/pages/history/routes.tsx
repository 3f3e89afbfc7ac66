import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/diff/$', component: lazyRouteComponent(() => import('./DiffPage'), 'DiffPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/compare', component: lazyRouteComponent(() => import('./ComparePage'), 'ComparePage') }),
];
