import { createRoute } from '@tanstack/react-router';
import { projectRoute, signedInRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

const page = () => lazyPage(() => import('./AuditPage'), 'AuditPage');

export const signedIn = [createRoute({ getParentRoute: () => signedInRoute, path: '/audit', component: page() })];
export const inProject = [createRoute({ getParentRoute: () => projectRoute, path: '/audit', component: page() })];
