import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/prompt/$', component: lazyPage(() => import('./PromptPage'), 'PromptPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/new', component: lazyPage(() => import('./NewPromptPage'), 'NewPromptPage') }),
];
