/** The environments in the order prompts go through them, with their rules in words. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconLock, IconLockOpen } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { EnvironmentOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip, EnvironmentChip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { RulesDialog } from './RulesDialog';
import classes from './settings.module.css';

const words = strings.projectSettings.environments;

export function Environments({ project }: { readonly project: string }) {
  const [creating, setCreating] = useState(false);
  const [ruling, setRuling] = useState<EnvironmentOut>();
  const [approval, setApproval] = useState<EnvironmentOut>();
  const mayCreate = useCan('environment:create', project);
  const mayChange = useCan('environment:change', project);
  const list = useQuery({
    queryKey: projectKey(project, 'environments', 'settings'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  const change = useMutation({
    mutationFn: ({ environment, ...body }: { environment: string; position?: number; approval_required?: boolean; reason: string }) =>
      data(api.PATCH('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment } }, body })),
    onSuccess: () => {
      setApproval(undefined);
      return queries.invalidateQueries({ queryKey: projectKey(project, 'environments') });
    },
  });
  const items = list.data ? [...list.data.items].sort((a, b) => a.position - b.position) : undefined;
  return (
    <Stack maw={960}>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620}>{words.lead}</Text>
        <Allowed may={mayCreate}>{(off) => <Button disabled={off} onClick={() => setCreating(true)}>{words.create}</Button>}</Allowed>
      </Group>
      <Refusal fault={list.error ?? (approval ? null : change.error)} />
      {!items && !list.error && <Waiting />}
      {items?.map((item, at) => {
        const said = Object.entries(item.rules_in_words);
        return (
          <section key={item.name} className={classes.card} aria-label={item.name}>
            <Group justify="space-between">
              <Group gap={8}>
                <EnvironmentChip project={project} environment={item.name} />
                <span className={classes.soft}>{words.live(item.count)}</span>
              </Group>
              <Group gap={6}>
                <Allowed may={mayChange}>{(off) => <Button size="xs" variant="subtle" aria-label={`${words.earlier}: ${item.name}`} disabled={off || at === 0} onClick={() => change.mutate({ environment: item.name, position: item.position - 1, reason: '' })}><IconArrowUp size={16} /></Button>}</Allowed>
                <Allowed may={mayChange}>{(off) => <Button size="xs" variant="subtle" aria-label={`${words.later}: ${item.name}`} disabled={off || at === items.length - 1} onClick={() => change.mutate({ environment: item.name, position: item.position + 1, reason: '' })}><IconArrowDown size={16} /></Button>}</Allowed>
                <Allowed may={mayChange}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => setApproval(item)}>{item.approval_required ? words.approvalTurnOff : words.approvalTurnOn}</Button>}</Allowed>
                <Allowed may={mayChange}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => setRuling(item)}>{words.change}</Button>}</Allowed>
              </Group>
            </Group>
            <ul className={classes.rules}>
              <li>{item.approval_required ? <Chip tone="good" icon={IconLock}>{words.approval}</Chip> : <Chip tone="idle" icon={IconLockOpen}>{words.approvalOff}</Chip>}</li>
              {said.map(([rule, text]) => <li key={rule}><strong>{words.rule[rule]?.[0] ?? rule}</strong> {text}</li>)}
              {said.length === 0 && <li className={classes.soft}>{words.noRules}</li>}
            </ul>
          </section>
        );
      })}
      {creating && <Create project={project} onClose={() => setCreating(false)} />}
      {ruling && <RulesDialog project={project} environment={ruling} others={(items ?? []).map(({ name }) => name).filter((name) => name !== ruling.name)} onClose={() => setRuling(undefined)} />}
      {approval && (
        <ReasonDialog
          title={approval.approval_required ? words.weaken(approval.name) : words.strengthen(approval.name)}
          action={approval.approval_required ? words.approvalTurnOff : words.approvalTurnOn}
          danger={approval.approval_required}
          confirm={approval.approval_required ? { word: approval.name, label: words.typeToConfirm(approval.name) } : undefined}
          busy={change.isPending} fault={change.error} onClose={() => setApproval(undefined)}
          onDo={(reason) => change.mutate({ environment: approval.name, approval_required: !approval.approval_required, reason })}
        >
          {approval.approval_required ? words.weakenText : words.approval}
        </ReasonDialog>
      )}
    </Stack>
  );
}

function Create({ project, onClose }: { readonly project: string; readonly onClose: () => void }) {
  useFocusBack();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/environments', { params: { path: { project } }, body: { name: name.trim(), approval_required: true } })),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: projectKey(project, 'environments') });
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.create}>
      <form onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}>
        <Stack>
          <TextInput label={words.name} description={words.nameHelp} required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Text size="sm" c="dimmed">{words.approval}</Text>
          <Refusal fault={create.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{strings.common.cancel}</Button><Button type="submit" loading={create.isPending}>{words.create}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
