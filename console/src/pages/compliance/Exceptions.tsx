/** Rules that do not hold for a while: asked for, accepted by the control function, revoked. */
import { Button, Group, Modal, NumberInput, Stack, Text, Textarea, TextInput, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconClock, IconShieldExclamation, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { ExceptionOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip, EnvironmentChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Person } from '@/parts/Person';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import parts from '@/parts/parts.module.css';
import classes from './compliance.module.css';

const words = strings.compliance.exceptions;
const LOOKS = { requested: ['warn', IconClock], accepted: ['good', IconCheck], expired: ['bad', IconX], revoked: ['idle', IconX] } as const;

export function Exceptions({ project }: { readonly project: string }) {
  const key = projectKey(project, 'reviews', 'exceptions');
  const [asking, setAsking] = useState(false);
  const [deciding, setDeciding] = useState<{ readonly id: string; readonly what: 'accept' | 'revoke' }>();
  const mayAsk = useCan('review:request', project);
  const mayAccept = useCan('exception:accept', project);
  const list = usePages(key, (cursor) => data(api.GET('/api/v1/projects/{project}/exceptions', { params: { path: { project }, query: { cursor } } })));
  const stale = () => queries.invalidateQueries({ queryKey: key });
  const decide = useMutation({
    mutationFn: ({ id, what, reason }: { id: string; what: 'accept' | 'revoke'; reason: string }) => {
      const how = { params: { path: { project, exception: id } }, body: { reason } };
      return what === 'accept' ? data(api.POST('/api/v1/projects/{project}/exceptions/{exception}/accept', how)) : data(api.POST('/api/v1/projects/{project}/exceptions/{exception}/revoke', how));
    },
    onSuccess: () => {
      setDeciding(undefined);
      return stale();
    },
  });
  const button = <Allowed may={mayAsk}>{(off) => <Button disabled={off} onClick={() => setAsking(true)}>{words.ask}</Button>}</Allowed>;
  return (
    <Stack>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={680}>{words.lead}</Text>
        {(list.items?.length ?? 0) > 0 && button}
      </Group>
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconShieldExclamation} title={words.none} action={button}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={parts.scroll}>
          <table className={`${parts.table} ${parts.cards}`}>
            <thead><tr><th>{words.rule}</th><th>{words.scope}</th><th>{words.state}</th><th>{words.reason}</th><th>{words.control}</th><th>{words.expires}</th><th><VisuallyHidden>{words.accept}</VisuallyHidden></th></tr></thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.id}>
                  <td><span className={parts.mono}>{item.rule}</span></td>
                  <td data-label={words.scope}>{item.scope || words.wholeProject} {item.environment && <EnvironmentChip project={project} environment={item.environment} />}</td>
                  <td data-label={words.state}><State item={item} /></td>
                  <td data-label={words.reason} style={{ minWidth: 180 }}>{item.reason}</td>
                  <td data-label={words.control} style={{ minWidth: 180 }}>{item.control}</td>
                  <td data-label={words.expires}><Time at={item.expires_at} /></td>
                  <td>
                    <Group gap={6} wrap="nowrap">
                      {item.state === 'requested' && <Allowed may={mayAccept}>{(off) => <Button size="xs" disabled={off} onClick={() => setDeciding({ id: item.id, what: 'accept' })}>{words.accept}</Button>}</Allowed>}
                      {(item.state === 'requested' || item.state === 'accepted') && <Button size="xs" variant="default" onClick={() => setDeciding({ id: item.id, what: 'revoke' })}>{words.revoke}</Button>}
                    </Group>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
      {asking && <Ask project={project} onClose={() => setAsking(false)} onDone={() => void stale()} />}
      {deciding && (
        <ReasonDialog
          title={deciding.what === 'accept' ? words.acceptTitle : words.revokeTitle} action={words[deciding.what]} danger={deciding.what === 'revoke'}
          busy={decide.isPending} fault={decide.error} onClose={() => setDeciding(undefined)} onDo={(reason) => decide.mutate({ ...deciding, reason })}
        >
          {deciding.what === 'accept' ? words.acceptText : words.revokeText}
        </ReasonDialog>
      )}
    </Stack>
  );
}

function State({ item }: { readonly item: ExceptionOut }) {
  const [tone, icon] = LOOKS[item.state];
  return (
    <>
      <Chip tone={tone} icon={icon}>{words.states[item.state] ?? item.state}</Chip>
      <div className={classes.soft}>{item.revoked_by ? words.revokedBy : item.accepted_by ? words.acceptedBy : words.asked} <Person name={item.revoked_by || item.accepted_by || item.requested_by} /></div>
    </>
  );
}

function Ask({ project, onClose, onDone }: { readonly project: string; readonly onClose: () => void; readonly onDone: () => void }) {
  useFocusBack();
  const [form, setForm] = useState({ rule: '', scope: '', environment: '', reason: '', control: '', days: 90 });
  const put = (change: Partial<typeof form>): void => setForm((now) => ({ ...now, ...change }));
  const ask = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/exceptions', { params: { path: { project } }, body: { ...form, environment: form.environment || undefined } })),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.ask} size="lg">
      <form onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}>
        <Stack>
          <TextInput label={words.rule} description={words.ruleHelp} required data-autofocus value={form.rule} onChange={(event) => put({ rule: event.currentTarget.value })} />
          <TextInput label={words.scope} description={words.scopeHelp} value={form.scope} onChange={(event) => put({ scope: event.currentTarget.value })} />
          <TextInput label={words.environment} value={form.environment} onChange={(event) => put({ environment: event.currentTarget.value })} />
          <Textarea label={words.reason} description={words.atLeast} required autosize minRows={2} value={form.reason} onChange={(event) => put({ reason: event.currentTarget.value })} />
          <Textarea label={words.control} description={words.atLeast} required autosize minRows={2} value={form.control} onChange={(event) => put({ control: event.currentTarget.value })} />
          <NumberInput label={words.days} min={1} max={90} value={form.days} onChange={(value) => put({ days: Number(value) || 1 })} />
          <Refusal fault={ask.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={ask.isPending}>{words.ask}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
