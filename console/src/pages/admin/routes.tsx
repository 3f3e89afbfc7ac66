/** The pages of the administration; each is loaded when it is opened. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '@/frame/roots';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin', component: lazyRouteComponent(() => import('./people/PeoplePage'), 'PeoplePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/people', component: lazyRouteComponent(() => import('./people/PeoplePage'), 'PeoplePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/access', component: lazyRouteComponent(() => import('./access/AccessPage'), 'AccessPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/tokens', component: lazyRouteComponent(() => import('./tokens/TokensPage'), 'TokensPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/models', component: lazyRouteComponent(() => import('./models/ModelsPage'), 'ModelsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/policies', component: lazyRouteComponent(() => import('./policies/PoliciesPage'), 'PoliciesPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/keys', component: lazyRouteComponent(() => import('./system/KeysPage'), 'KeysPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/settings', component: lazyRouteComponent(() => import('./system/SettingsPage'), 'SettingsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/jobs', component: lazyRouteComponent(() => import('./system/JobsPage'), 'JobsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/health', component: lazyRouteComponent(() => import('./system/HealthPage'), 'HealthPage') }),
];
