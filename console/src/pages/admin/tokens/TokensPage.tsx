/** The tokens of everybody: what each may, when it was last used, and taking it back. */
import { Button, Select } from '@mantine/core';
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
  const [{ show = 'all' }, setQuery] = useAddressQuery();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<TokenOut | null>(null);
  const tokens = usePages(TOKENS, (cursor) => data(api.GET('/api/v1/tokens', { params: { query: { all: true, cursor, limit: 100 } } })));
  const now = new Date();
  const rows = tokens.items?.filter((token) => (show === 'delivery' ? token.environment !== null : show === 'valid' ? stateOf(token, now) === 'active' : true));
  const columns: Column<TokenOut>[] = [
    { key: 'name', head: words.name, cell: (token) => <div><div className={classes.name}>{token.name}</div><div className={classes.soft}>{token.user}</div></div> },
    { key: 'scope', head: words.scope, cell: scopeOf },
    { key: 'state', head: words.state, cell: (token) => <Chip tone={TONES[stateOf(token, now)]}>{words[stateOf(token, now)]}</Chip> },
    { key: 'created', head: words.created, cell: (token) => <Time at={token.created_at} /> },
    { key: 'used', head: words.used, cell: (token) => <Time at={token.last_used_at} /> },
    { key: 'expires', head: words.expires, cell: (token) => (token.expires_at ? <Time at={token.expires_at} /> : words.never) },
    { key: 'revoke', head: words.revoke, hidden: true, cell: (token) => stateOf(token, now) !== 'revoked' && <Button size="compact-xs" variant="default" onClick={() => setRevoking(token)}>{words.revoke}</Button> },
  ];
  return (
    <AdminPage page="tokens" actions={<AllowedButton action="user:manage" leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>{words.make}</AllowedButton>}>
      <div className={classes.filters}>
        <Select label={words.whose} allowDeselect={false} value={show} onChange={(value) => setQuery({ show: value === 'all' ? undefined : value ?? undefined })} data={Object.entries(words.choices).map(([value, label]) => ({ value, label }))} />
      </div>
      <Refusal fault={tokens.error} onRetry={() => void tokens.refetch()} />
      {!rows && !tokens.error && <Waiting />}
      {rows && (rows.length === 0 && !tokens.hasNextPage ? (
        <Empty icon={IconKey} title={words.none} action={<Button onClick={() => setMaking(true)}>{words.make}</Button>}>{words.noneHelp}</Empty>
      ) : (
        <Rows label={words.label} columns={columns} rows={rows} keyOf={(token) => token.id} foot={<MorePages query={tokens} />} />
      ))}
      {making && <MakeToken onClose={() => setMaking(false)} />}
      {revoking && (
        <Confirm title={words.revokeTitle(revoking.name)} verb={words.revoke} onClose={() => setRevoking(null)} run={async () => {
          await api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: revoking.id } } });
          await queries.invalidateQueries({ queryKey: TOKENS });
        }}>{words.revokeHelp}</Confirm>
      )}
    </AdminPage>
  );
}

function scopeOf(token: TokenOut): string {
  const place = [token.project, token.environment].filter(Boolean).join(' · ');
  const what = token.environment !== null ? words.delivery : (token.role ?? words.everything);
  return place === '' ? what : `${what} · ${place}`;
}
