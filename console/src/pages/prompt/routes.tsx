import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/prompt/$', component: lazyRouteComponent(() => import('./PromptPage'), 'PromptPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/new', component: lazyRouteComponent(() => import('./NewPromptPage'), 'NewPromptPage') }),
];
