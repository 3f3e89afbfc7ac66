/** Rules that do not hold for a while: asked for, accepted by the control function, revoked. */
import { Button, Group, Select, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconClock, IconShieldExclamation, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { ExceptionOut } from '@/api/schema';
import { useCan, useMe } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip, EnvironmentChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Person } from '@/parts/Person';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AskException } from './AskException';
import parts from '@/parts/parts.module.css';
import classes from './compliance.module.css';

const words = strings.compliance.exceptions;
const STATES = ['requested', 'accepted', 'expired', 'revoked'] as const;
const LOOKS = { requested: ['warn', IconClock], accepted: ['good', IconCheck], expired: ['bad', IconX], revoked: ['idle', IconX] } as const;

export function Exceptions({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const state = STATES.find((name) => name === query.state);
  const key = projectKey(project, 'reviews', 'exceptions');
  const [deciding, setDeciding] = useState<{ readonly item: ExceptionOut; readonly what: 'accept' | 'revoke' }>();
  const me = useMe();
  const mayAsk = useCan('review:request', project);
  const mayAccept = useCan('exception:accept', project);
  const list = usePages([...key, state], (cursor) => data(api.GET('/api/v1/projects/{project}/exceptions', { params: { path: { project }, query: { state, cursor } } })));
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
  const begin = (item: ExceptionOut, what: 'accept' | 'revoke'): void => {
    decide.reset();
    setDeciding({ item, what });
  };
  const button = <Allowed may={mayAsk}>{(off) => <Button disabled={off} onClick={() => set({ ask: '1' })}>{words.ask}</Button>}</Allowed>;
  // Whoever asked may take it back; the server decides.
  const own = (item: ExceptionOut): boolean => me !== undefined && item.requested_by === me.name;
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={680}>{words.lead}</Text>
      <Group justify="space-between" align="end">
        <Select label={words.which} placeholder={words.all} clearable w={220} value={state ?? null} data={STATES.map((name) => ({ value: name, label: words.states[name] ?? name }))} onChange={(value) => set({ state: value ?? undefined })} />
        {(list.items?.length ?? 0) > 0 && button}
      </Group>
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconShieldExclamation} title={state ? words.noneSuch : words.none} action={button}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={parts.scroll}>
          <table className={`${parts.table} ${parts.cards}`}>
            <thead><tr><th>{words.number}</th><th>{words.rule}</th><th>{words.scope}</th><th>{words.state}</th><th>{words.reason}</th><th>{words.control}</th><th>{words.expires}</th><th><VisuallyHidden>{words.accept}</VisuallyHidden></th></tr></thead>
            <tbody>
              {list.items.map((item) => (
                <tr key={item.id}>
                  <td>{item.id}</td>
                  <td><span className={parts.mono}>{item.rule}</span></td>
                  <td data-label={words.scope}>{item.scope || words.wholeProject} {item.environment && <EnvironmentChip project={project} environment={item.environment} />}</td>
                  <td data-label={words.state} style={{ minWidth: 150 }}><State item={item} /></td>
                  <td data-label={words.reason} style={{ minWidth: 180 }}>{item.reason}</td>
                  <td data-label={words.control} style={{ minWidth: 180 }}>{item.control}</td>
                  <td data-label={words.expires}><Time at={item.expires_at} /></td>
                  <td>
                    <Group gap={6} wrap="nowrap">
                      {item.state === 'requested' && <Allowed may={mayAccept}>{(off) => <Button size="xs" disabled={off} aria-label={`${words.accept} ${item.id}`} onClick={() => begin(item, 'accept')}>{words.accept}</Button>}</Allowed>}
                      {(item.state === 'requested' || item.state === 'accepted') && (
                        <Allowed may={own(item) ? { ...(mayAccept as NonNullable<typeof mayAccept>), allowed: true } : mayAccept}>
                          {(off) => <Button size="xs" variant="default" disabled={off} aria-label={`${words.end(item.state)} ${item.id}`} onClick={() => begin(item, 'revoke')}>{words.end(item.state)}</Button>}
                        </Allowed>
                      )}
                    </Group>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
      {query.ask !== undefined && <AskException project={project} start={{ rule: query.rule ?? '', scope: query.scope ?? '' }} onClose={() => set({ ask: undefined, rule: undefined, scope: undefined })} onDone={() => void stale()} />}
      {deciding && (
        <ReasonDialog
          title={deciding.what === 'accept' ? words.acceptTitle(deciding.item.id) : words.endTitle(deciding.item)} action={deciding.what === 'accept' ? words.accept : words.end(deciding.item.state)} danger={deciding.what === 'revoke'}
          busy={decide.isPending} fault={decide.error} onClose={() => setDeciding(undefined)} onDo={(reason) => decide.mutate({ id: deciding.item.id, what: deciding.what, reason })}
        >
          <Text size="sm">{deciding.what === 'accept' ? words.acceptText : words.endText(deciding.item.state)}</Text>
          <dl className={classes.told}>
            <dt>{words.rule}</dt><dd className={parts.mono}>{deciding.item.rule}</dd>
            <dt>{words.scope}</dt><dd>{deciding.item.scope || words.wholeProject}{deciding.item.environment ? ` (${deciding.item.environment})` : ''}</dd>
            <dt>{words.reason}</dt><dd>{deciding.item.reason}</dd>
            <dt>{words.control}</dt><dd>{deciding.item.control}</dd>
            <dt>{words.expires}</dt><dd><Time at={deciding.item.expires_at} exact /></dd>
          </dl>
        </ReasonDialog>
      )}
    </Stack>
  );
}

function State({ item }: { readonly item: ExceptionOut }) {
  const [tone, icon] = LOOKS[item.state];
  const said = item.revoked_reason ?? item.accepted_reason;
  return (
    <>
      <Chip tone={tone} icon={icon}>{item.state === 'revoked' && item.accepted_by === null ? words.refused : (words.states[item.state] ?? item.state)}</Chip>
      <div className={classes.soft}>{item.revoked_by ? (item.accepted_by === null ? words.refusedBy : words.revokedBy) : item.accepted_by ? words.acceptedBy : words.asked} <Person name={item.revoked_by || item.accepted_by || item.requested_by} /></div>
      {said && <div className={classes.soft}>{said}</div>}
    </>
  );
}
