/** One environment: its place in the order, whether it asks for approval, its rules, and the buttons that change them. */
import { Button, Group } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconLock, IconLockOpen } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { EnvironmentOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Chip, EnvironmentChip } from '@/parts/Chip';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { RulesDialog } from './RulesDialog';
import classes from './settings.module.css';

const words = strings.projectSettings.environments;

export interface EnvironmentCardProps {
  readonly project: string;
  readonly item: EnvironmentOut;
  readonly others: readonly EnvironmentOut[];
  readonly first: boolean;
  readonly last: boolean;
}

export function EnvironmentCard({ project, item, others, first, last }: EnvironmentCardProps) {
  const { name } = item;
  const [open, setOpen] = useState<'rules' | 'approval'>();
  const close = (): void => setOpen(undefined);
  const mayChange = useCan('environment:change', project, name);
  const mayWeaken = useCan('environment:weaken', project, name);
  const asks = item.approval_required;
  const change = useMutation({
    mutationFn: (body: { position?: number; approval_required?: boolean; reason: string }) =>
      data(api.PATCH('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment: name } }, body })),
    onSuccess: () => {
      close();
      return queries.invalidateQueries({ queryKey: projectKey(project, 'environments') });
    },
  });
  const said = Object.entries(item.rules_in_words);
  const move = (label: string, by: 1 | -1, end: boolean) => (
    <Allowed may={mayChange}>
      {(off) => (
        <Button size="xs" px={8} variant="subtle" aria-label={`${label}: ${name}`} title={label} disabled={off} aria-disabled={end || undefined} data-disabled={end || undefined}
          onClick={() => { if (!end && !change.isPending) change.mutate({ position: item.position + by, reason: '' }); }}>
          {by < 0 ? <IconArrowUp size={16} /> : <IconArrowDown size={16} />}
        </Button>
      )}
    </Allowed>
  );
  return (
    <section className={classes.card} aria-label={name}>
      <Group justify="space-between">
        <Group gap={8}>
          <span className={classes.soft}>{item.position}.</span>
          <EnvironmentChip project={project} environment={name} />
          <span className={classes.soft}>{words.live(item.count)}</span>
        </Group>
        <Group gap={6}>
          {move(words.earlier, -1, first)}
          {move(words.later, 1, last)}
          <Allowed may={asks ? mayWeaken : mayChange}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => setOpen('approval')}>{asks ? words.approvalTurnOff : words.approvalTurnOn}</Button>}</Allowed>
          <Allowed may={mayChange}>{(off) => <Button size="xs" variant="default" disabled={off} onClick={() => setOpen('rules')}>{words.change}</Button>}</Allowed>
        </Group>
      </Group>
      <ul className={classes.rules}>
        <li>{asks ? <Chip tone="good" icon={IconLock}>{words.approval}</Chip> : <Chip tone="idle" icon={IconLockOpen}>{words.approvalOff}</Chip>}</li>
        {said.map(([rule, text]) => <li key={rule}><strong>{words.rule[rule]?.[0] ?? rule}</strong> {text}</li>)}
        {said.length === 0 && <li className={classes.soft}>{words.noRules}</li>}
      </ul>
      {open !== 'approval' && <Refusal fault={change.error} />}
      {open === 'rules' && <RulesDialog project={project} environment={name} others={others.map((one) => one.name).filter((one) => one !== name)} onClose={close} />}
      {open === 'approval' && (
        <ReasonDialog
          title={asks ? words.weaken(name) : words.strengthen(name)}
          action={asks ? words.approvalTurnOff : words.approvalTurnOn}
          danger={asks}
          confirm={asks ? { word: name, label: words.typeToConfirm(name) } : undefined}
          busy={change.isPending} fault={change.error} onClose={() => { change.reset(); close(); }}
          onDo={(reason) => change.mutate({ approval_required: !asks, reason })}
        >
          {asks ? words.weakenText : words.approval}
        </ReasonDialog>
      )}
    </section>
  );
}
