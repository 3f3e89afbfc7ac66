/** The typed client of our own server: session cookie, CSRF token, and refusals as `ProblemError`. */
import createClient, { defaultPathSerializer } from 'openapi-fetch';
import { NoServer, ProblemError, problemOf } from './problem';
import { tellReach } from './reach';
import type { paths } from './schema';

const SET_BACK = 'urn:promptops:problem:database-set-back';

let csrf: string | null = null;
let onSignedOut: () => void = () => {};
let onSetBack: () => void = () => {};

/** Remember the token that unsafe requests must carry; the answer of `GET /api/v1/session` has it. */
export function rememberCsrf(token: string | null): void {
  csrf = token;
}

/** What happens when the server says that nobody is signed in any more. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** What happens when the server refuses a change because its database is an old copy. */
export function whenSetBack(handler: () => void): void {
  onSetBack = handler;
}

/** `fetch` as the console uses it, also for what the typed client cannot carry (files, streams, YAML text). */
export async function request(input: Request | string, init?: RequestInit): Promise<Response> {
  const asked = new Request(input, { credentials: 'same-origin', ...init });
  if (csrf !== null && !['GET', 'HEAD'].includes(asked.method)) asked.headers.set('X-CSRF-Token', csrf);
  let response: Response;
  try {
    response = await fetch(asked);
  } catch (fault) {
    if (asked.signal.aborted) throw fault;
    tellReach(false);
    throw new NoServer();
  }
  tellReach(true);
  if (response.ok || response.status === 304) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && !asked.url.endsWith('/api/v1/session')) onSignedOut();
  if (problem.type === SET_BACK) onSetBack();
  throw new ProblemError(problem, response.headers.get('etag'));
}

/**
 * Paths hold slashes (`claims/motor/triage`): each segment is encoded, the slashes stay. `{address}` and `{path}` parameters of
 * the API are written as such by the server. Done before the request is made: a request made anew from another has its body as a
 * stream, which browsers refuse to send over HTTP/1.1.
 */
const withSlashes: typeof defaultPathSerializer = (path, params) => defaultPathSerializer(path, params).replaceAll('%2F', '/');

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: (asked) => request(asked), pathSerializer: withSlashes });

/** The body of an answer; a refusal has been thrown before. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  return (await answer).data as NonNullable<T>;
}

/** `"7"` as `If-Match` wants it. */
export function ifMatch(tag: string | number): { 'If-Match': string } {
  return { 'If-Match': typeof tag === 'number' ? `"${tag}"` : tag };
}
