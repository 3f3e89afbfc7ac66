/** Releases of a project, an environment, one release. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from '@/frame/roots';

export const inProject = [
  createRoute({ getParentRoute: () => projectRoute, path: 'releases', component: lazyRouteComponent(() => import('./ReleasesPage'), 'ReleasesPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: 'env/$environment', component: lazyRouteComponent(() => import('./EnvironmentPage'), 'EnvironmentPage') }),
  createRoute({ getParentRoute: () => projectRoute, path: 'env/$environment/r/$number', component: lazyRouteComponent(() => import('./ReleasePage'), 'ReleasePage') }),
];
