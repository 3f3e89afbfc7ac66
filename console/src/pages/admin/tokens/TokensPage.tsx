/** The tokens of everybody: what each may, when it was last used, and taking it back. */
import { Button, Select, TextInput } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { TokenOut } from '@/api/schema';
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
import { Confirm } from '../Confirm';
import { Rows, type Column } from '../Rows';
import { MakeToken } from './MakeToken';
import { TOKENS } from './keys';
import { stateOf } from './usage';
import classes from '../admin.module.css';

const words = strings.admin.tokens;
const TONES = { active: 'good', expired: 'idle', revoked: 'idle' } as const;

export function TokensPage() {
  const [{ show = 'all', q = '' }, setQuery] = useAddressQuery();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<TokenOut | null>(null);
  const tokens = usePages(TOKENS, (cursor) => data(api.GET('/api/v1/tokens', { params: { query: { all: true, cursor, limit: 100 } } })));
  const now = new Date();
  const rows = tokens.items?.filter((token) => isShown(token, show, now) && `${token.name} ${token.user} ${token.project ?? ''} ${token.environment ?? ''}`.toLowerCase().includes(q.trim().toLowerCase()));
  const columns: Column<TokenOut>[] = [
    { key: 'name', head: words.name, cell: (token) => <div><div className={classes.name}>{token.name}</div><div className={classes.soft}>{token.user}</div></div> },
    { key: 'scope', head: words.scope, cell: scopeOf },
    { key: 'state', head: words.state, cell: (token) => <Chip tone={TONES[stateOf(token, now)]}>{words[stateOf(token, now)]}</Chip> },
    { key: 'created', head: words.created, cell: (token) => <Time at={token.created_at} /> },
    { key: 'used', head: words.used, cell: (token) => <Time at={token.last_used_at} /> },
    { key: 'expires', head: words.expires, cell: (token) => (token.expires_at ? <Time at={token.expires_at} /> : words.never) },
    { key: 'revoke', head: words.revoke, hidden: true, cell: (token) => stateOf(token, now) !== 'revoked' && <Button size="compact-xs" variant="default" aria-label={words.revokeOf(token.name, token.user)} onClick={() => setRevoking(token)}>{words.revoke}</Button> },
  ];
  return (
    <AdminPage page="tokens" actions={<AllowedButton action="user:manage" leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>{words.make}</AllowedButton>}>
      <div className={classes.filters}>
        <TextInput type="search" label={words.find} value={q} onChange={(event) => setQuery({ q: event.currentTarget.value })} />
        <Select label={words.whose} allowDeselect={false} value={show} onChange={(value) => setQuery({ show: value === 'all' ? undefined : value ?? undefined })} data={Object.entries(words.choices).map(([value, label]) => ({ value, label }))} />
      </div>
      <Refusal fault={tokens.error} onRetry={() => void tokens.refetch()} />
      {!rows && !tokens.error && <Waiting />}
      {rows && (rows.length === 0 && !tokens.hasNextPage ? (
        q !== '' || show !== 'all'
          ? <Empty icon={IconKey} title={words.noneFound} action={<Button variant="default" onClick={() => setQuery({ q: '', show: undefined })}>{strings.common.clearFilters}</Button>} />
          : <Empty icon={IconKey} title={words.none} action={<AllowedButton action="user:manage" onClick={() => setMaking(true)}>{words.make}</AllowedButton>}>{words.noneHelp}</Empty>
      ) : (
        <Rows label={words.label} columns={columns} rows={rows} keyOf={(token) => token.id} foot={<MorePages query={tokens} />} />
      ))}
      {making && <MakeToken onClose={() => setMaking(false)} />}
      {revoking && (
        <Confirm title={words.revokeTitle(revoking.name, revoking.user)} verb={words.revoke} onClose={() => setRevoking(null)} run={async () => {
          await api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: revoking.id } } });
          await queries.invalidateQueries({ queryKey: TOKENS });
        }}>{words.revokeHelp}</Confirm>
      )}
    </AdminPage>
  );
}

function isShown(token: TokenOut, show: string, now: Date): boolean {
  if (show === 'delivery') return token.environment !== null;
  return show === 'valid' ? stateOf(token, now) === 'active' : true;
}

function scopeOf(token: TokenOut): string {
  const place = [token.project, token.environment].filter(Boolean).join(' · ');
  const what = token.environment !== null ? words.delivery : (token.role ?? words.everything);
  return place === '' ? what : `${what} · ${place}`;
}
