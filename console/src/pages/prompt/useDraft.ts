/** The draft of the prompt on the page: one session per prompt, opened when shown, kept when left. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { NoServer } from '@/api/problem';
import { useReach } from '@/api/reach';
import { draftIo } from './draftIo';
import { DraftSession, type DraftState } from './session';

/** `newest` is the newest version as the server's list has it: while nothing is typed, the page follows it. */
export function useDraft(project: string, path: string, mayEdit: boolean | undefined, newest: number | undefined): { session: DraftSession; state: DraftState } {
  const session = useMemo(() => new DraftSession(project, path, draftIo(project, path)), [project, path]);
  const state = useSyncExternalStore(session.subscribe, session.snapshot);
  useEffect(() => session.readAhead(), [session]);
  useEffect(() => {
    if (mayEdit !== undefined) void session.open(mayEdit);
  }, [session, mayEdit]);
  useEffect(() => {
    if (newest !== undefined && mayEdit !== undefined && session.state.phase === 'clean' && session.state.parent !== newest && session.state.parent !== 0) void session.open(mayEdit);
  }, [session, newest, mayEdit]);
  // The server is back: what waited goes there at once, and what could not be read is read.
  const reached = useReach();
  useEffect(() => {
    if (!reached) return;
    if (session.state.phase === 'offline') void session.flush();
    else if (session.state.phase === 'opening' && session.state.fault instanceof NoServer && mayEdit !== undefined) void session.open(mayEdit);
  }, [reached, session, mayEdit]);
  useEffect(() => {
    const leave = (): void => session.keepNow();
    window.addEventListener('pagehide', leave);
    window.addEventListener('online', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('online', leave);
      session.close();
    };
  }, [session]);
  return { session, state };
}
