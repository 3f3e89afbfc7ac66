import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/playground', component: lazyRouteComponent(() => import('./PlaygroundPage'), 'PlaygroundPage') }),
];
