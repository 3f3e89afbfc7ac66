/** Requests to take personal data out of a project: seen, asked for, approved, cancelled. */
import { Button, Group, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconEraser } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { RedactionOut } from '@/api/schema';
import { useCan, useMe } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip, type Tone } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AskRedaction } from './AskRedaction';
import classes from '@/parts/parts.module.css';

const words = strings.audit.redactions;
const TONES: Readonly<Record<string, Tone>> = { requested: 'warn', done: 'good' };

export function Redactions({ project }: { readonly project: string }) {
  const key = projectKey(project, 'redactions');
  const [asking, setAsking] = useState(false);
  const [approving, setApproving] = useState<RedactionOut>();
  const [cancelling, setCancelling] = useState<RedactionOut>();
  const may = useCan('redaction:request', project);
  const mayApprove = useCan('redaction:approve', project);
  const list = usePages(key, (cursor) => data(api.GET('/api/v1/projects/{project}/redactions', { params: { path: { project }, query: { cursor } } })));
  const stale = () => queries.invalidateQueries({ queryKey: key });
  const approve = useMutation({
    mutationFn: (redaction: string) => data(api.POST('/api/v1/projects/{project}/redactions/{redaction}/approve', { params: { path: { project, redaction } } })),
    onSuccess: () => {
      setApproving(undefined);
      return stale();
    },
  });
  const cancel = useMutation({
    mutationFn: (redaction: string) => data(api.POST('/api/v1/projects/{project}/redactions/{redaction}/cancel', { params: { path: { project, redaction } } })),
    onSuccess: () => {
      setCancelling(undefined);
      return stale();
    },
  });
  const me = useMe();
  const own = (item: RedactionOut): boolean => me !== undefined && item.requested_by === me.name;
  const button = <Allowed may={may}>{(off) => <Button disabled={off} onClick={() => setAsking(true)}>{words.ask}</Button>}</Allowed>;
  return (
    <Stack>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620}>{words.lead}</Text>
        {(list.items?.length ?? 0) > 0 && button}
      </Group>
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconEraser} title={words.none} action={button}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead><tr><th>{words.where}</th><th>{words.state}</th><th>{words.reason}</th><th>{words.asked}</th><th>{words.ended}</th><th><VisuallyHidden>{words.approve}</VisuallyHidden></th></tr></thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.id}>
                  <td>{item.address}</td>
                  <td><Chip tone={TONES[item.state] ?? 'idle'}>{words.states[item.state] ?? item.state}</Chip></td>
                  <td>{item.reason}{item.ticket && ` (${item.ticket})`}</td>
                  <td><Time at={item.requested_at} /> {strings.audit.holds.by(item.requested_by)}</td>
                  <td>{item.ended_at && <><Time at={item.ended_at} /> {item.ended_by && strings.audit.holds.by(item.ended_by)}</>}</td>
                  <td>{item.state === 'requested' && (
                    <Group gap={6} wrap="nowrap">
                      <Allowed may={own(item) && mayApprove ? { ...mayApprove, allowed: false, reason: words.own, remedy: '' } : mayApprove}>{(off) => <Button size="xs" disabled={off} onClick={() => { approve.reset(); setApproving(item); }}>{words.approve}</Button>}</Allowed>
                      <Allowed may={own(item) ? may : mayApprove}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => { cancel.reset(); setCancelling(item); }}>{words.cancel}</Button>}</Allowed>
                    </Group>
                  )}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
      {asking && <AskRedaction project={project} onClose={() => setAsking(false)} onDone={() => {
        setAsking(false);
        void stale();
      }} />}
      {cancelling && <ReasonDialog title={words.cancelTitle} action={words.cancel} withoutReason busy={cancel.isPending} fault={cancel.error} onClose={() => setCancelling(undefined)} onDo={() => cancel.mutate(cancelling.id)}>{words.cancelText}</ReasonDialog>}
      {approving && (
        <ReasonDialog title={words.approveTitle} action={words.approve} danger withoutReason confirm={{ word: project, label: words.typeToConfirm(project) }}
          busy={approve.isPending} fault={approve.error} onClose={() => setApproving(undefined)} onDo={() => approve.mutate(approving.id)}>
          {words.approveWarning(approving.texts, approving.address)}
        </ReasonDialog>
      )}
    </Stack>
  );
}
