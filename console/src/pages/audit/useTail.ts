/** New events as they are written, over the log's stream; a connection that breaks goes on behind the last one heard. */
import { useEffect, useState } from 'react';
import type { Entry } from './entry';

export interface Tail {
  /** Newest first; those heard under the present filters. */
  readonly fresh: readonly Entry[];
  readonly lost: boolean;
}

interface Heard extends Tail {
  readonly of: string;
}

const KEPT = 2000;

export function useTail(filters: Readonly<Record<string, string | undefined>>, on: boolean): Tail {
  const search = new URLSearchParams(Object.entries(filters).filter((pair): pair is [string, string] => Boolean(pair[1]))).toString();
  const [heard, setHeard] = useState<Heard>({ of: search, fresh: [], lost: false });
  useEffect(() => {
    if (!on) return undefined;
    const source = new EventSource(`/api/v1/audit/events/stream?${search}`);
    const before = (now: Heard): readonly Entry[] => (now.of === search ? now.fresh : []);
    source.addEventListener('audit', (message: MessageEvent<string>) => {
      const entry = JSON.parse(message.data) as Entry;
      setHeard((now) => ({ of: search, lost: false, fresh: [entry, ...before(now).filter((one) => one.seq !== entry.seq)].slice(0, KEPT) }));
    });
    source.onerror = () => setHeard((now) => ({ of: search, fresh: before(now), lost: true }));
    source.onopen = () => setHeard((now) => ({ of: search, fresh: before(now), lost: false }));
    return () => source.close();
  }, [search, on]);
  return heard.of === search && on ? heard : { fresh: [], lost: false };
}
