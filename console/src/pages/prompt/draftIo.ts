/** The requests of a draft: read a version, check what is written, keep it, merge, and make it a version. */
import { api, data, request } from '@/api/client';
import { ProblemError } from '@/api/problem';
import type { CopyOut, CopyState, DraftOut } from '@/api/schema';
import type { PromptDoc } from './document';

export interface Checked { readonly text: string; readonly prompt: PromptDoc | null; readonly valid: boolean; readonly problems: DraftOut['problems']; readonly record: DraftOut['record'] }
export interface Tagged<T> { readonly body: T; readonly etag: string }

/** What a draft asks of the server; a double of it stands in tests. */
export interface DraftIo {
  /** The newest version's file; null when there is no such prompt. */
  readonly newest: () => Promise<{ text: string; version: number } | null>;
  /** The person's working copy; null without one. */
  readonly copy: () => Promise<Tagged<CopyOut> | null>;
  readonly check: (what: { prompt: PromptDoc; base: string } | { content: string }) => Promise<Checked>;
  readonly save: (text: string, etag: string | null, parent: number) => Promise<Tagged<CopyState>>;
  readonly commit: (message: string, etag: string) => Promise<number>;
  readonly rebase: (etag: string, prefer?: 'yours' | 'theirs') => Promise<Tagged<CopyOut>>;
  readonly undo: (etag: string) => Promise<Tagged<CopyOut>>;
  readonly discard: (etag: string) => Promise<void>;
}

async function tagged<T>(answer: Promise<{ data?: T; response: Response }>): Promise<Tagged<T>> {
  const { data: body, response } = await answer;
  return { body: body as T, etag: response.headers.get('etag') ?? '' };
}

const missing = (fault: unknown): boolean => fault instanceof ProblemError && fault.status === 404;

export function draftIo(project: string, path: string): DraftIo {
  const where = { params: { path: { project, path } } };
  const seen = (etag: string) => ({ ...where, headers: { 'If-Match': etag } });
  const copies = '/api/v1/projects/{project}/working-copies/{path}' as const;
  const address = `/api/v1/projects/${encodeURIComponent(project)}/prompts/${path.split('/').map(encodeURIComponent).join('/')}`;
  return {
    newest: async () => {
      try {
        const answer = await request(address, { headers: { Accept: 'application/yaml' } });
        return { text: await answer.text(), version: Number(answer.headers.get('PromptOps-Version')) };
      } catch (fault) {
        if (missing(fault)) return null;
        throw fault;
      }
    },
    copy: async () => {
      // The list says whether there is one, so that none is no refusal; between the two it may have gone.
      const { items } = await data(api.GET('/api/v1/projects/{project}/working-copies', { params: { path: { project }, query: { path } } }));
      if (items.length === 0) return null;
      try {
        return await tagged<CopyOut>(api.GET(copies, where));
      } catch (fault) {
        if (missing(fault)) return null;
        throw fault;
      }
    },
    check: async (what) => (await data(api.POST('/api/v1/projects/{project}/check', {
      params: { path: { project } },
      body: { ...what, path } as never,
    }))) as unknown as Checked,
    save: (text, etag, parent) => tagged<CopyState>(api.PUT(copies, { ...(etag === null ? where : seen(etag)), body: { text, parent } })),
    commit: async (message, etag) => (await data(api.POST(`${copies}/commit`, { ...seen(etag), body: { message } }))).version,
    rebase: (etag, prefer) => tagged<CopyOut>(api.POST(`${copies}/rebase`, { ...seen(etag), body: { prefer: prefer ?? null } })),
    undo: (etag) => tagged<CopyOut>(api.POST(`${copies}/undo`, seen(etag))),
    discard: async (etag) => {
      await api.DELETE(copies, seen(etag));
    },
  };
}
