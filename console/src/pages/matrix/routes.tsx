import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/matrix', component: lazyRouteComponent(() => import('./MatrixPage'), 'MatrixPage') }),
];
