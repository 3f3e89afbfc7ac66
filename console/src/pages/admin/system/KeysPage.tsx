/** The signing keys: which is in use, what each signs, and the public part to give to applications. */
import { Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import classes from '../admin.module.css';

const words = strings.admin.keys;

export function KeysPage() {
  const found = useQuery({ queryKey: ['system', 'keys'], queryFn: () => data(api.GET('/api/v1/system/keys')) });
  const keys = found.data?.items;
  return (
    <AdminPage page="keys">
      <Refusal fault={found.error} onRetry={() => void found.refetch()} />
      {!keys && !found.error && <Waiting />}
      {keys?.length === 0 && <Empty icon={IconKey} title={words.none} />}
      {keys && keys.length > 0 && (
        <Stack maw={960}>
          {keys.map((key) => (
            <section key={key.id} className={classes.card} aria-label={`${words.key} ${key.id}`}>
              <Group gap="xs" mb="xs">
                <Text fw={600} ff="monospace">{key.id}</Text>
                <Chip tone={key.in_use ? 'good' : 'idle'}>{key.in_use ? words.inUse : words.retired}</Chip>
                <Chip>{key.algorithm}</Chip>
                {key.purposes.map((purpose) => <Chip key={purpose}>{`${words.purposes.toLowerCase()} ${words.purpose[purpose]}`}</Chip>)}
              </Group>
              <Text size="sm" c="dimmed">{words.created} <Time at={key.created_at} />{key.retired_at && <> · {words.retiredAt.toLowerCase()} <Time at={key.retired_at} /></>}{key.signed_by && ` · ${words.vouched.toLowerCase()} ${key.signed_by}`}</Text>
              <Text size="sm" mt="sm">{words.public}</Text>
              <Group wrap="nowrap" align="start">
                <pre className={classes.code} style={{ flex: 1 }}>{key.public}</pre>
                <CopyButton value={key.public}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
              </Group>
              <Text size="sm" mt="sm">{words.fingerprint}</Text>
              <pre className={classes.code}>{key.fingerprint}</pre>
            </section>
          ))}
          <Text size="sm" c="dimmed">{words.verifies}</Text>
        </Stack>
      )}
    </AdminPage>
  );
}
