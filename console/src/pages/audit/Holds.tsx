/** Legal holds: seen, placed, lifted. */
import { Button, Group, Stack, Switch, Text, VisuallyHidden } from '@mantine/core';
import { IconGavel, IconLock } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.audit.holds;
const KEY = ['audit', 'holds'];

export function Holds({ project }: { readonly project: string | undefined }) {
  const [query, set] = useAddressQuery();
  const lifted = query.lifted === '1';
  const may = useCan('hold:manage', project ?? '');
  const [open, setOpen] = useState<'place' | { readonly lift: string }>();
  const holds = usePages([...KEY, project, lifted], (cursor) => data(api.GET('/api/v1/holds', { params: { query: { project, lifted, cursor } } })));
  const done = () => {
    setOpen(undefined);
    return queries.invalidateQueries({ queryKey: KEY });
  };
  const place = useMutation({ mutationFn: (reason: string) => data(api.POST('/api/v1/holds', { body: { project, reason } })), onSuccess: done });
  const lift = useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) => data(api.POST('/api/v1/holds/{hold_id}/lift', { params: { path: { hold_id: id } }, body: { reason } })),
    onSuccess: done,
  });
  const button = <Allowed may={may}>{(off) => <Button disabled={off} onClick={() => { place.reset(); setOpen('place'); }}>{words.place}</Button>}</Allowed>;
  return (
    <Stack maw={960}>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620}>{words.lead}</Text>
        {(holds.items?.length ?? 0) > 0 && button}
      </Group>
      <Switch label={words.showLifted} checked={lifted} onChange={(event) => set({ lifted: event.currentTarget.checked ? '1' : undefined })} />
      <Refusal fault={holds.error} />
      {!holds.items && !holds.error && <Waiting />}
      {holds.items?.length === 0 && <Empty icon={IconGavel} title={words.none} action={button}>{words.noneHelp}</Empty>}
      {holds.items && holds.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead><tr><th>{words.covers}</th><th>{words.reason}</th><th>{words.placed}</th><th>{words.lifted}</th><th><VisuallyHidden>{words.lift}</VisuallyHidden></th></tr></thead>
            <tbody>
              {holds.items.map((hold) => (
                <tr key={hold.id}>
                  <td>{hold.project ?? words.installation}</td>
                  <td>{hold.reason}</td>
                  <td><Time at={hold.placed_at} /> {words.by(hold.placed_by)}</td>
                  <td>{hold.lifted_at === null ? <Chip tone="warn" icon={IconLock}>{words.stands}</Chip> : <><Time at={hold.lifted_at} /> {words.by(hold.lifted_by ?? '')}: {hold.lift_reason}</>}</td>
                  <td>{hold.lifted_at === null && <Allowed may={may}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => { lift.reset(); setOpen({ lift: hold.id }); }}>{words.lift}</Button>}</Allowed>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={holds} />
      {open === 'place' && (
        <ReasonDialog title={words.placeTitle(project ?? words.installation)} action={words.place} busy={place.isPending} fault={place.error} onClose={() => setOpen(undefined)} onDo={(reason) => place.mutate(reason)}>{words.lead}</ReasonDialog>
      )}
      {typeof open === 'object' && (
        <ReasonDialog title={words.liftTitle} action={words.lift} danger busy={lift.isPending} fault={lift.error} onClose={() => setOpen(undefined)} onDo={(reason) => lift.mutate({ id: open.lift, reason })}>{words.liftWarning}</ReasonDialog>
      )}
    </Stack>
  );
}
