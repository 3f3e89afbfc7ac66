import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: '/compliance', component: lazyRouteComponent(() => import('./CompliancePage'), 'CompliancePage') }),
  createRoute({ getParentRoute: () => projectRoute, path: '/evidence/$', component: lazyRouteComponent(() => import('./EvidencePage'), 'EvidencePage') }),
];
