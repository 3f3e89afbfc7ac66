/** Roles given, by account; each can be taken away. */
import { Autocomplete, Button, Stack, TextInput } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { GrantOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { Rows, type Column } from '../Rows';
import { AllowedButton } from '../AllowedButton';
import { useProjectNames, useUserNames } from '../choices';
import { GRANTS } from './keys';
import { grantMatches, whereOf } from './where';
import classes from '../admin.module.css';

const words = strings.admin.access;

export function Grants({ onGive }: { readonly onGive: () => void }) {
  const [{ q = '', user = '', project = '' }, setQuery] = useAddressQuery();
  const [taking, setTaking] = useState<GrantOut | null>(null);
  const projects = useProjectNames();
  const narrowed = project === '*' || projects.includes(project) ? project : '';
  const found = useQuery({ queryKey: [...GRANTS, narrowed], queryFn: () => data(api.GET('/api/v1/grants', { params: { query: { project: narrowed || undefined } } })) });
  const users = useUserNames(user);
  const whole = users.includes(user); // a whole name means this account alone
  const rows = found.data?.items.filter((grant) => grantMatches(grant, q) && (whole ? grant.user === user : grant.user.startsWith(user)));
  const clear = (): void => setQuery({ q: '', user: '', project: '' });
  const columns: Column<GrantOut>[] = [
    { key: 'user', head: words.person, cell: (grant) => <div><span className={classes.name}>{grant.display_name}</span> {!grant.active && <Chip tone="idle">{strings.admin.people.deactivated}</Chip>}<div className={classes.soft}>{grant.user}</div></div> },
    { key: 'role', head: words.role, cell: (grant) => <Chip title={roleWords(grant.role)}>{grant.role}</Chip> },
    { key: 'where', head: words.where, cell: (grant) => whereOf(grant, words.everyProject) },
    { key: 'by', head: words.by, cell: (grant) => grant.granted_by || <span className={classes.soft}>{words.byGroup}</span> },
    { key: 'since', head: words.since, cell: (grant) => <Time at={grant.created_at} /> },
    { key: 'take', head: words.take, hidden: true, cell: (grant) => <Button size="compact-xs" variant="default" aria-label={words.takeOf(grant.role, grant.user)} onClick={() => setTaking(grant)}>{words.take}</Button> },
  ];
  return (
    <Stack>
      <div className={classes.filters}>
        <Autocomplete label={words.person} placeholder={words.anybody} data={users} value={user} onChange={(value) => setQuery({ user: value })} />
        <TextInput type="search" label={words.filter} value={q} onChange={(event) => setQuery({ q: event.currentTarget.value })} />
        <Autocomplete label={words.project} data={['*', ...projects]} value={project} onChange={(value) => setQuery({ project: value })} />
      </div>
      <Refusal fault={found.error} onRetry={() => void found.refetch()} />
      {!rows && !found.error && <Waiting />}
      {rows && (rows.length === 0 ? (
        <Empty
          icon={IconUsersGroup}
          title={whole && q === '' ? words.noneOf(user) : words.none}
          action={q !== '' || (narrowed !== '' && user === '') ? <Button variant="default" onClick={clear}>{strings.common.clearFilters}</Button> : <AllowedButton action="user:manage" onClick={onGive}>{words.give}</AllowedButton>}
        >{words.noneHelp}</Empty>
      ) : <Rows label={words.label} columns={columns} rows={rows} keyOf={keyOf} />)}
      {taking && (
        <Confirm title={words.takeTitle(taking.display_name)} verb={words.take} onClose={() => setTaking(null)} run={() => takeAway(taking)}>
          {words.takeHelp(taking.role, whereOf(taking, words.everyProject))}
        </Confirm>
      )}
    </Stack>
  );
}

function keyOf(grant: GrantOut): string {
  return [grant.user, grant.role, grant.project, grant.module, grant.environment].join('\n');
}

function roleWords(role: string): string | undefined {
  return (strings.admin.roles as Readonly<Record<string, string>>)[role];
}

async function takeAway({ user, project, role, module, environment }: GrantOut): Promise<void> {
  await api.DELETE('/api/v1/grants', { params: { query: { user, project, role, module, environment } } });
  await queries.invalidateQueries({ queryKey: GRANTS });
}
