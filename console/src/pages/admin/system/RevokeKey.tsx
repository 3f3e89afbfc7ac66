/** Takes a signing key back: what follows, the reason, and its id typed, since nothing brings it back. */
import { List } from '@mantine/core';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { KeyOut } from '@/api/schema';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { KEYS } from './keys';
import { whatFollows } from './keyWords';

const words = strings.admin.keys;

export function RevokeKey({ of: key, onClose }: { readonly of: KeyOut; readonly onClose: () => void }) {
  const revoke = async (reason: string): Promise<void> => {
    const keys = await data(api.POST('/api/v1/system/keys/{key_id}/revoke', { params: { path: { key_id: key.id } }, body: { reason } }));
    queries.setQueryData(KEYS, keys);
  };
  return (
    <Confirm title={words.revokeTitle(key.id)} verb={words.revokeVerb} reason="needed" typed={key.id} run={revoke} onClose={onClose}>
      {words.revokeWhen}
      <List size="sm" mt={6} spacing={4}>
        <List.Item>{whatFollows(key)}</List.Item>
        <List.Item>{words.reaching}</List.Item>
        <List.Item>{words.pinned}</List.Item>
        {key.state !== 'announced' && <List.Item>{words.kept}</List.Item>}
      </List>
    </Confirm>
  );
}
