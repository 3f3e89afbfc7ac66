import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/compliance', component: lazyPage(() => import('./CompliancePage'), 'CompliancePage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/evidence/$', component: lazyPage(() => import('./EvidencePage'), 'EvidencePage') }),
];
