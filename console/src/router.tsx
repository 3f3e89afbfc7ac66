/** All pages: each area gives its routes, hung on the trunk of `frame/roots`. */
import { createRouter } from '@tanstack/react-router';
import { projectRoute, rootRoute, signedInRoute } from '@/frame/roots';
import * as admin from '@/pages/admin/routes';
import * as audit from '@/pages/audit/routes';
import * as compliance from '@/pages/compliance/routes';
import * as history from '@/pages/history/routes';
import * as home from '@/pages/home/routes';
import * as matrix from '@/pages/matrix/routes';
import * as me from '@/pages/me/routes';
import * as playground from '@/pages/playground/routes';
import * as prompt from '@/pages/prompt/routes';
import * as prompts from '@/pages/prompts/routes';
import * as releases from '@/pages/releases/routes';
import * as reviews from '@/pages/reviews/routes';
import * as runs from '@/pages/runs/routes';
import * as signIn from '@/pages/sign-in/routes';
import * as suites from '@/pages/suites/routes';

const areas: readonly Area[] = [admin, audit, compliance, history, home, matrix, me, playground, prompt, prompts, releases, reviews, runs, signIn, suites];

/** What an area gives: routes outside sign-in, of the signed-in person, of a project. */
interface Area {
  readonly open?: readonly AnyRoute[];
  readonly signedIn?: readonly AnyRoute[];
  readonly inProject?: readonly AnyRoute[];
}
// The router's types of a whole tree are of no use here: addresses are made in links.ts.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyRoute = any;

function tree() {
  const inProject = areas.flatMap((area) => area.inProject ?? []);
  const signedIn = areas.flatMap((area) => area.signedIn ?? []);
  const open = areas.flatMap((area) => area.open ?? []);
  return rootRoute.addChildren([signedInRoute.addChildren([projectRoute.addChildren(inProject), ...signedIn]), ...open]);
}

export const router = createRouter({
  routeTree: tree(),
  defaultPreload: false,
  scrollRestoration: true,
  scrollToTopSelectors: ['#content'],
  // The address is kept as it was written: values of the query are text, as every page reads them (parts/navigate).
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (query) => {
    const text = new URLSearchParams(query as Record<string, string>).toString();
    return text === '' ? '' : `?${text}`;
  },
});
