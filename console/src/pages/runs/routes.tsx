import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/runs', component: lazyRouteComponent(() => import('./RunsPage'), 'RunsPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/runs/$number', component: lazyRouteComponent(() => import('./RunPage'), 'RunPage') }),
];
