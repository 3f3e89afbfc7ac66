// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NoServer, ProblemError } from '@/api/problem';
import type { CopyOut } from '@/api/schema';
import type { PromptDoc } from './document';
import type { DraftIo } from './draftIo';
import { kept } from './keep';
import { DraftSession } from './session';

/** A server of one prompt: texts are the JSON of their documents. */
function server(text = '{"messages":[]}') {
  const there = { version: 1, text, copy: null as string | null, revision: 0, away: false, saves: 0 };
  const out = () => ({ text: there.copy, parent: 1, updated_at: '2026-01-01T00:00:00Z' }) as unknown as CopyOut;
  const answer = () => {
    if (there.away) throw new NoServer();
  };
  const io: DraftIo = {
    newest: async () => (answer(), { text: there.text, version: there.version }),
    copy: async () => (answer(), there.copy === null ? null : { body: out(), etag: `"w${there.revision}"` }),
    check: async (what) => {
      answer();
      const said = 'prompt' in what ? JSON.stringify(what.prompt) : what.content;
      return { text: said, prompt: JSON.parse(said) as PromptDoc, valid: true, problems: [], record: null };
    },
    save: async (said, etag) => {
      answer();
      if (there.copy !== null && etag !== `"w${there.revision}"`) throw new ProblemError({ type: 'stale-working-copy', title: '', status: 409, detail: '' });
      if (there.copy === null && etag !== null) throw new ProblemError({ type: 'no-working-copy', title: '', status: 409, detail: '' });
      there.copy = said;
      there.revision += 1;
      there.saves += 1;
      return { body: out(), etag: `"w${there.revision}"` };
    },
    commit: async () => {
      there.text = there.copy as string;
      there.copy = null;
      return (there.version += 1);
    },
    rebase: async () => ({ body: out(), etag: `"w${there.revision}"` }),
    undo: async () => ({ body: out(), etag: `"w${there.revision}"` }),
    discard: async () => {
      there.copy = null;
    },
  };
  return { there, io };
}

async function opened(io: DraftIo): Promise<DraftSession> {
  const session = new DraftSession('bank', 'a', io);
  await session.open(true);
  return session;
}

describe('a draft', () => {
  beforeEach(() => {
    localStorage.clear();
    vi.useFakeTimers({ shouldAdvanceTime: true });
  });

  it('is saved once typing pauses, and becomes a version', async () => {
    const { there, io } = server();
    const session = await opened(io);
    session.change((doc) => ({ ...doc, name: 'A' }));
    session.change((doc) => ({ ...doc, name: 'AB' }));
    expect(session.state.phase).toBe('typed');
    await vi.advanceTimersByTimeAsync(700);
    expect([there.saves, session.state.phase, there.copy]).toEqual([1, 'saved', '{"messages":[],"name":"AB"}']);
    expect(await session.commit('Named')).toBe(2);
    expect([session.state.phase, session.state.parent, session.state.doc?.name]).toEqual(['clean', 2, 'AB']);
  });

  it('is kept in the browser while the server is away, and brought there after a reload', async () => {
    const { there, io } = server();
    const session = await opened(io);
    there.away = true;
    session.change((doc) => ({ ...doc, name: 'typed away' }));
    await vi.advanceTimersByTimeAsync(700);
    expect(session.state.phase).toBe('offline');
    expect(kept('bank', 'a')?.doc?.name).toBe('typed away');
    there.away = false;
    const again = await opened(io);
    expect(again.state.doc?.name).toBe('typed away');
    await vi.advanceTimersByTimeAsync(700);
    expect([again.state.phase, kept('bank', 'a')]).toEqual(['saved', null]);
    expect(there.copy).toContain('typed away');
  });

  it('does not run into itself when its page was left and is opened again', async () => {
    const { there, io } = server();
    const session = await opened(io);
    session.change((doc) => ({ ...doc, name: 'before' }));
    await vi.advanceTimersByTimeAsync(700);
    there.away = true;
    session.change((doc) => ({ ...doc, name: 'away' }));
    session.close();
    await vi.advanceTimersByTimeAsync(500);
    there.away = false;
    const again = await opened(io);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([again.state.phase, there.copy, there.saves]).toEqual(['saved', '{"messages":[],"name":"away"}', 2]);
  });

  it('knows its own words again when the answer to saving them was lost', async () => {
    const { there, io } = server();
    let lose = true;
    const losing: DraftIo = {
      ...io,
      save: async (...what) => {
        const saved = await io.save(...what);
        if (lose) throw new NoServer();
        return saved;
      },
    };
    const session = await opened(losing);
    session.change((doc) => ({ ...doc, name: 'sent' }));
    await vi.advanceTimersByTimeAsync(700);
    expect([session.state.phase, there.copy]).toEqual(['offline', '{"messages":[],"name":"sent"}']);
    const again = await opened(losing); // as after a reload
    expect(again.state.phase).not.toBe('elsewhere');
    lose = false;
    session.change((doc) => ({ ...doc, name: 'and more' }));
    await vi.advanceTimersByTimeAsync(4000);
    expect([session.state.phase, there.copy]).toEqual(['saved', '{"messages":[],"name":"and more"}']);
  });

  it('comes through by itself once the server is back', async () => {
    const { there, io } = server();
    const session = await opened(io);
    there.away = true;
    session.change((doc) => ({ ...doc, name: 'x' }));
    await vi.advanceTimersByTimeAsync(700);
    there.away = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(session.state.phase).toBe('saved');
  });

  it('overwrites nothing that was saved elsewhere until a person says so', async () => {
    const { there, io } = server();
    const session = await opened(io);
    session.change((doc) => ({ ...doc, name: 'here' }));
    await session.flush();
    there.copy = '{"messages":[],"name":"there"}';
    there.revision += 1;
    session.change((doc) => ({ ...doc, name: 'here again' }));
    await session.flush();
    expect([session.state.phase, there.copy]).toEqual(['elsewhere', '{"messages":[],"name":"there"}']);
    await session.settle('mine');
    expect(there.copy).toContain('here again');
  });

  it('starts a new copy when the old one became a version elsewhere', async () => {
    const { there, io } = server();
    const session = await opened(io);
    session.change((doc) => ({ ...doc, name: 'one' }));
    await session.flush();
    there.copy = null;
    session.change((doc) => ({ ...doc, name: 'two' }));
    await session.flush();
    expect(there.copy).toContain('two');
  });

  it('saves what is typed while a save is on its way', async () => {
    const { there, io } = server();
    const session = await opened(io);
    session.change((doc) => ({ ...doc, name: 'one' }));
    const saving = session.flush();
    session.change((doc) => ({ ...doc, name: 'two' }));
    await saving;
    expect([there.copy?.includes('two'), session.pending]).toEqual([true, false]);
  });
});
