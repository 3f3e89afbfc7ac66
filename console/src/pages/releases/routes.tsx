/** Releases of a project, an environment, one release. */
import { createRoute } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';
import { lazyPage } from '@/parts/lazily';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: 'releases', component: lazyPage(() => import('./ReleasesPage'), 'ReleasesPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: 'env/$environment', component: lazyPage(() => import('./EnvironmentPage'), 'EnvironmentPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: 'env/$environment/r/$number', component: lazyPage(() => import('./ReleasePage'), 'ReleasePage') }),
];
