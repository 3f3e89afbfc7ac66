/** Where one is signed in. */
import { Button, Group, VisuallyHidden } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Chip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { browserName } from './browserName';
import classes from '@/parts/parts.module.css';

const words = strings.me.sessions;
const KEY = ['me', 'sessions'];

export function Sessions() {
  const [asking, setAsking] = useState(false);
  const sessions = usePages(KEY, (cursor) => data(api.GET('/api/v1/me/sessions', { params: { query: { cursor } } })));
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: KEY });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/v1/me/sessions/{session_id}', { params: { path: { session_id: id } } }),
    onSuccess: refresh,
  });
  const endOthers = useMutation({ mutationFn: () => api.DELETE('/api/v1/me/sessions'), onSuccess: () => { setAsking(false); return refresh(); } });
  if (!sessions.items) return sessions.error ? <Refusal fault={sessions.error} /> : <Waiting />;
  return (
    <div>
      <Refusal fault={end.error} />
      <div className={classes.scroll}>
        <table className={`${classes.table} ${classes.cards}`}>
          <thead><tr><th>{words.browser}</th><th>{words.from}</th><th>{words.since}</th><th>{words.seen}</th><th><VisuallyHidden>{words.end}</VisuallyHidden></th></tr></thead>
          <tbody>
            {sessions.items.map((one) => (
              <tr key={one.id}>
                <td title={one.agent ?? undefined}>{one.agent === null ? words.unknown : browserName(one.agent)}</td>
                <td data-label={words.from}>{one.ip ?? words.unknown}</td>
                <td data-label={words.since}><Time at={one.created_at} /></td>
                <td data-label={words.seen}><Time at={one.seen_at} /></td>
                <td>{one.current ? <Chip tone="good">{words.current}</Chip> : <Button size="compact-xs" variant="default" loading={end.isPending && end.variables === one.id} onClick={() => end.mutate(one.id)}>{words.end}</Button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MorePages query={sessions} />
      {sessions.items.length > 1 && <Group mt="md"><Button variant="default" onClick={() => setAsking(true)}>{words.endOthers}</Button></Group>}
      {asking && (
        <ReasonDialog title={words.endOthersTitle} action={words.endOthers} danger withoutReason busy={endOthers.isPending} fault={endOthers.error} onClose={() => setAsking(false)} onDo={() => endOthers.mutate()}>{words.endOthersHelp}</ReasonDialog>
      )}
    </div>
  );
}
