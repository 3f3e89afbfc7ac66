/** The signing keys: which signs, which comes, which went and why; announcing the next, revoking one, and lines for applications. */
import { Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { AllowedButton } from '../AllowedButton';
import { AnnounceKey } from './AnnounceKey';
import { Copied } from './Copied';
import { KeyCard } from './KeyCard';
import { RevokeKey } from './RevokeKey';
import { KEYS } from './keys';
import { newestFirst } from './keyWords';
import classes from '../admin.module.css';

const words = strings.admin.keys;
/** An announced key begins to sign while the page is open. */
const AGAIN_MS = 60_000;

export function KeysPage() {
  const found = useQuery({ queryKey: KEYS, refetchInterval: AGAIN_MS, queryFn: () => data(api.GET('/api/v1/system/keys')) });
  const [announcing, setAnnouncing] = useState(false);
  const [revoking, setRevoking] = useState<string | null>(null);
  const keys = found.data?.items;
  const chosen = keys?.find((key) => key.id === revoking);
  return (
    <AdminPage page="keys" actions={keys && <AllowedButton action="system:manage" onClick={() => setAnnouncing(true)}>{words.announce}</AllowedButton>}>
      <Refusal fault={found.error} onRetry={() => void found.refetch()} />
      {!keys && !found.error && <Waiting />}
      {keys?.length === 0 && <Empty icon={IconKey} title={words.none}>{words.noneHelp}</Empty>}
      {keys && keys.length > 0 && (
        <Stack maw={960}>
          {newestFirst(keys).map((key) => <KeyCard key={key.id} of={key} onRevoke={() => setRevoking(key.id)} />)}
          <section aria-label={words.trust}>
            <h2 className={classes.section}>{words.trust}</h2>
            <Text size="sm" c="dimmed">{words.trustHelp}</Text>
            <Copied label={words.trustFile} what={words.trustCopy} value={found.data?.trust_key ?? ''} />
          </section>
        </Stack>
      )}
      {announcing && <AnnounceKey onClose={() => setAnnouncing(false)} />}
      {chosen && <RevokeKey of={chosen} onClose={() => setRevoking(null)} />}
    </AdminPage>
  );
}
