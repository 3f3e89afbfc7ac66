import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';

const page = () => lazyRouteComponent(() => import('./AuditPage'), 'AuditPage');

export const signedIn = [createRoute({ getParentRoute: () => signedInRoute, path: '/audit', component: page() })];
export const inProject = [createRoute({ getParentRoute: () => projectRoute, path: '/audit', component: page() })];
