/** One try under way: its answers as they come, starting and stopping it. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { PlayIn } from '@/api/schema';
import { postForEvents } from '@/api/sse';
import { begun, ended, heard, type Play } from './play';

export function usePlay(project: string) {
  const [play, setPlay] = useState<Play | null>(null);
  const [running, setRunning] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const stopper = useRef<AbortController | null>(null);
  const start = useCallback(async (wanted: PlayIn) => {
    stopper.current?.abort();
    const mine = new AbortController();
    stopper.current = mine;
    setFault(null);
    setRunning(true);
    setPlay(begun(wanted.targets));
    try {
      await postForEvents(`/api/v1/projects/${encodeURIComponent(project)}/playground`, wanted, mine.signal, (events) => {
        if (!mine.signal.aborted) setPlay((before) => before && heard(before, events));
      });
    } catch (caught) {
      if (!mine.signal.aborted) {
        setFault(caught);
        setPlay((before) => (before?.answers.every(({ text }) => text === '') ? null : before));
      }
    } finally {
      if (stopper.current === mine) {
        setRunning(false);
        setPlay((before) => before && ended(before));
      }
    }
  }, [project]);
  const stop = useCallback(() => stopper.current?.abort(), []);
  useEffect(() => () => stopper.current?.abort(), []);
  return { play, running, fault, start, stop };
}
