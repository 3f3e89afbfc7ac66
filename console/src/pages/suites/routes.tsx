import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/suites', component: lazyRouteComponent(() => import('./SuitesPage'), 'SuitesPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/suites/$', component: lazyRouteComponent(() => import('./SuitePage'), 'SuitePage') }),
];
