/** The pages of the administration; each is loaded when it is opened. */
import { createRoute } from '@tanstack/react-router';
import { signedInRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const signedIn = [
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin', component: lazyPage(() => import('./people/PeoplePage'), 'PeoplePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/people', component: lazyPage(() => import('./people/PeoplePage'), 'PeoplePage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/access', component: lazyPage(() => import('./access/AccessPage'), 'AccessPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/tokens', component: lazyPage(() => import('./tokens/TokensPage'), 'TokensPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/models', component: lazyPage(() => import('./models/ModelsPage'), 'ModelsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/policies', component: lazyPage(() => import('./policies/PoliciesPage'), 'PoliciesPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/keys', component: lazyPage(() => import('./system/KeysPage'), 'KeysPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/settings', component: lazyPage(() => import('./system/SettingsPage'), 'SettingsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/jobs', component: lazyPage(() => import('./system/JobsPage'), 'JobsPage') }),
  createRoute({ getParentRoute: () => signedInRoute, path: '/admin/health', component: lazyPage(() => import('./system/HealthPage'), 'HealthPage') }),
];
