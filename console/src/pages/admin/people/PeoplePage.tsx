/** People and service accounts: found by name, added, and each with what an administrator may do about the account. */
import { Button, Select, TextInput } from '@mantine/core';
import { IconUserPlus, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import type { UserListed } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { AllowedButton } from '../AllowedButton';
import { Rows, type Column } from '../Rows';
import { AccountMenu } from './AccountMenu';
import { NewAccount } from './NewAccount';
import { USERS } from './keys';
import { linkedTo } from './linkedTo';
import classes from '../admin.module.css';

const words = strings.admin.people;
const KINDS = ['person', 'service'] as const;

export function PeoplePage() {
  const [{ q = '', kind: asked }, setQuery] = useAddressQuery();
  const [adding, setAdding] = useState(false);
  const kind = KINDS.find((known) => known === asked) ?? '';
  const users = usePages([...USERS, q, kind], (cursor) => data(api.GET('/api/v1/users', { params: { query: { q, kind, cursor, limit: 100 } } })));
  const all = users.items ?? [];
  return (
    <AdminPage page="people" actions={<AllowedButton action="user:manage" leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)}>{words.add}</AllowedButton>}>
      <div className={classes.filters}>
        <TextInput label={words.find} type="search" value={q} onChange={(event) => setQuery({ q: event.currentTarget.value })} />
        <Select
          label={words.kind} allowDeselect={false} value={kind} onChange={(value) => setQuery({ kind: value ?? '' })}
          data={[{ value: '', label: words.kinds.all }, { value: 'person', label: words.kinds.person }, { value: 'service', label: words.kinds.service }]}
        />
      </div>
      <Refusal fault={users.error} onRetry={() => void users.refetch()} />
      {!users.items && !users.error && <Waiting />}
      {users.items && (all.length === 0 ? (
        <Empty icon={IconUsers} title={words.none} action={<Button variant="default" onClick={() => setQuery({ q: '', kind: '' })}>{strings.common.clearFilters}</Button>}>{words.noneHelp}</Empty>
      ) : (
        <Rows label={words.label} columns={columns(all)} rows={all} keyOf={(user) => user.id} foot={<MorePages query={users} />} />
      ))}
      {adding && <NewAccount onClose={() => setAdding(false)} />}
    </AdminPage>
  );
}

function columns(all: readonly UserListed[]): Column<UserListed>[] {
  return [
    { key: 'name', head: words.name, cell: (user) => <div><div className={classes.name}>{user.display_name}</div><div className={classes.soft}>{[user.name === user.display_name ? '' : user.name, user.email].filter(Boolean).join(' · ')}</div></div> },
    { key: 'state', head: words.state, cell: (user) => <States user={user} all={all} /> },
    { key: 'factor', head: words.factor, cell: (user) => (user.kind === 'service' ? '–' : user.second_factor ? words.factorOn : <span className={classes.soft}>{words.factorOff}</span>) },
    { key: 'seen', head: words.seen, cell: (user) => <Time at={user.last_seen_at} /> },
    { key: 'access', head: words.access, hidden: true, cell: (user) => <AppLink href={links.admin('access', { user: user.name })}>{words.access}</AppLink> },
    { key: 'actions', head: strings.admin.actions, hidden: true, cell: (user) => <AccountMenu user={user} /> },
  ];
}

function States({ user, all }: { readonly user: UserListed; readonly all: readonly UserListed[] }) {
  const others = linkedTo(user, all);
  return (
    <span className={classes.chips}>
      <Chip tone={user.active ? 'good' : 'idle'}>{user.active ? words.active : words.deactivated}</Chip>
      {user.admin && <Chip>{words.admin}</Chip>}
      {user.kind === 'service' && <Chip>{words.service}</Chip>}
      {user.unconfirmed && <Chip tone="warn" title={words.unconfirmedHelp}>{words.unconfirmed}</Chip>}
      {others.length > 0 ? <Chip>{words.same(others.join(', '))}</Chip> : user.person !== user.id && user.kind === 'person' && <Chip>{words.samePerson}</Chip>}
    </span>
  );
}
