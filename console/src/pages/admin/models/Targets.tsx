/** The table of model targets, with check, change and remove. */
import { Button, Group } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { TargetOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { AllowedButton } from '../AllowedButton';
import { Confirm } from '../Confirm';
import { Rows, type Column } from '../Rows';
import { CheckTarget } from './CheckTarget';
import { EditTarget } from './EditTarget';
import { TARGETS } from './keys';
import { dollars } from '@/parts/money';
import { share } from './money';
import classes from '../admin.module.css';

const words = strings.admin.models;
type Doing = { readonly what: 'check' | 'edit' | 'remove'; readonly target: TargetOut };

export function Targets({ onAdd }: { readonly onAdd: () => void }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = (): void => setDoing(null);
  const targets = usePages(TARGETS, (cursor) => data(api.GET('/api/v1/models', { params: { query: { cursor, limit: 100 } } })));
  if (!targets.items) return targets.error ? <Refusal fault={targets.error} onRetry={() => void targets.refetch()} /> : <Waiting />;
  if (targets.items.length === 0) return <Empty icon={IconServer2} title={words.none} action={<AllowedButton action="model:manage" onClick={onAdd}>{words.add}</AllowedButton>}>{words.noneHelp}</Empty>;
  const columns: Column<TargetOut>[] = [
    { key: 'name', head: words.name, cell: (target) => <div><div className={classes.name}>{target.name}</div><div className={classes.soft}>{`${target.provider} · ${target.model}`} {target.alias && <Chip title={words.aliasHelp}>{words.alias}</Chip>}</div></div> },
    { key: 'state', head: words.state, cell: (target) => <TargetState target={target} /> },
    { key: 'key', head: words.credential, cell: (target) => <Credential target={target} /> },
    { key: 'data', head: words.data, cell: (target) => target.data_class.replaceAll('_', ' ') },
    { key: 'month', head: words.budget, cell: (target) => <Month target={target} /> },
    { key: 'projects', head: words.projects, cell: (target) => target.projects?.join(', ') ?? words.everyProject },
    {
      key: 'do', head: strings.admin.actions, hidden: true,
      cell: (target) => (
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <Button size="compact-xs" variant="light" aria-label={`${words.check} ${target.name}`} onClick={() => setDoing({ what: 'check', target })}>{words.check}</Button>
          <Button size="compact-xs" variant="default" aria-label={`${strings.admin.edit} ${target.name}`} onClick={() => setDoing({ what: 'edit', target })}>{strings.admin.edit}</Button>
          <Button size="compact-xs" variant="default" aria-label={`${strings.admin.remove} ${target.name}`} onClick={() => setDoing({ what: 'remove', target })}>{strings.admin.remove}</Button>
        </Group>
      ),
    },
  ];
  return (
    <>
      <Rows label={words.label} columns={columns} rows={targets.items} keyOf={(target) => target.name} foot={<MorePages query={targets} />} onOpen={(target) => setDoing({ what: 'edit', target })} />
      {doing?.what === 'check' && <CheckTarget target={doing.target} onClose={close} />}
      {doing?.what === 'edit' && <EditTarget name={doing.target.name} onClose={close} />}
      {doing?.what === 'remove' && (
        <Confirm title={words.removeTitle(doing.target.name)} verb={words.removeVerb} onClose={close} run={async () => {
          await api.DELETE('/api/v1/models/{name}', { params: { path: { name: doing.target.name } } });
          await queries.invalidateQueries({ queryKey: TARGETS });
        }}>{words.removeHelp}</Confirm>
      )}
    </>
  );
}

function TargetState({ target }: { readonly target: TargetOut }) {
  if (!target.enabled) return <Chip tone="idle">{words.off}</Chip>;
  if (target.check === null) return <Chip tone="idle">{words.unchecked}</Chip>;
  return target.check.ok ? <Chip tone="good">{words.well}</Chip> : <Chip tone="bad" title={target.check.problem}>{words.unwell}</Chip>;
}

function Credential({ target }: { readonly target: TargetOut }) {
  const { kind, name, there, missing } = target.credential;
  const where = `${words.credentials[kind]}${name === '' ? '' : ` ${name}`}`;
  return <span className={classes.chips}>{where}{!there && <Chip tone="bad" title={missing}>{words.missing}</Chip>}</span>;
}

function Month({ target }: { readonly target: TargetOut }) {
  const { spent, reserved, calls } = target.this_month;
  const budget = target.budget_month;
  const used = budget === null ? 0 : share(spent, reserved, budget);
  return (
    <div>
      <div>{budget === null ? dollars(spent) : words.spent(dollars(spent + reserved), dollars(budget))}</div>
      {budget !== null && (
        <div className={classes.bar} data-high={used >= 80} role="meter" aria-label={words.budget} aria-valuenow={Math.round(used)} aria-valuemin={0} aria-valuemax={100}><span style={{ width: `${used}%` }} /></div>
      )}
      <div className={classes.soft}>{budget === null ? `${words.calls(calls)}, ${words.noBudget}` : words.calls(calls)}</div>
    </div>
  );
}
