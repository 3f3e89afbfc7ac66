/** Comments as threads, and the talk about a request in the order it happened. */
import type { CommentOut, RequestOut } from '@/api/schema';

export interface Thread {
  readonly id: string;
  readonly line: number | null;
  readonly comments: readonly CommentOut[];
  readonly resolved: boolean;
}

type Decision = RequestOut['decisions'][number];

export type Said =
  | { readonly kind: 'thread'; readonly at: string; readonly thread: Thread }
  | { readonly kind: 'decision'; readonly at: string; readonly decision: Decision };

/** The threads, each with its comments oldest first; the order is of their first comments. */
export function threadsOf(comments: readonly CommentOut[]): Thread[] {
  const threads = new Map<string, CommentOut[]>();
  for (const comment of comments) {
    const found = threads.get(comment.thread);
    if (found) found.push(comment);
    else threads.set(comment.thread, [comment]);
  }
  return [...threads].map(([id, own]) => ({ id, line: own[0]?.line ?? null, comments: own, resolved: own.every((comment) => comment.resolved_at !== null) }));
}

/** Threads about the whole request and decisions, oldest first. */
export function conversation(threads: readonly Thread[], decisions: readonly Decision[]): Said[] {
  const said: Said[] = [
    ...threads.filter((thread) => thread.line === null).map((thread): Said => ({ kind: 'thread', at: thread.comments[0]?.at ?? '', thread })),
    ...decisions.map((decision): Said => ({ kind: 'decision', at: decision.at, decision })),
  ];
  return said.sort((one, two) => one.at.localeCompare(two.at));
}

/** Which versions a comparison may start from, the one chosen by itself first: what is live in production, else the version before. */
export function baseOf(version: number, live: readonly { readonly environment: string; readonly version: number }[]): string {
  const production = live.find((place) => place.environment === 'production' && place.version !== version) ?? live.find((place) => place.version < version);
  if (production) return String(production.version);
  return version > 1 ? String(version - 1) : 'nothing';
}
