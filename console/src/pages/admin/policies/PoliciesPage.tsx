/** What this installation forbids of its own, and below it what comes with the product. */
import { Accordion, Group, Stack, Text } from '@mantine/core';
import { IconPlus, IconShieldLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { queries } from '@/api/queries';
import type { PolicyOut } from '@/api/schema';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { AllowedButton } from '../AllowedButton';
import { Confirm } from '../Confirm';
import { PolicyEditor } from './PolicyEditor';
import { POLICIES } from './keys';
import classes from '../admin.module.css';

const words = strings.admin.policies;

export function PoliciesPage() {
  const found = useQuery({ queryKey: POLICIES, queryFn: () => data(api.GET('/api/v1/policies')) });
  const [editing, setEditing] = useState<PolicyOut | 'new' | null>(null);
  const [removing, setRemoving] = useState<PolicyOut | null>(null);
  const list = found.data;
  return (
    <AdminPage page="policies" actions={<AllowedButton action="policy:manage" leftSection={<IconPlus size={16} />} onClick={() => setEditing('new')}>{words.add}</AllowedButton>}>
      <Refusal fault={found.error} onRetry={() => void found.refetch()} />
      {!list && !found.error && <Waiting />}
      {list && (
        <Stack maw={960}>
          {list.items.length === 0 && <Empty icon={IconShieldLock} title={words.none} action={<AllowedButton action="policy:manage" onClick={() => setEditing('new')}>{words.add}</AllowedButton>}>{words.noneHelp}</Empty>}
          {list.items.map((policy) => (
            <section key={policy.name} className={classes.card} aria-label={policy.name}>
              <Group justify="space-between" align="start" mb="xs">
                <div><Text fw={600}>{policy.name}</Text><Text size="sm" c="dimmed">{policy.comment}</Text></div>
                <Group gap={6}>
                  <AllowedButton action="policy:manage" size="compact-sm" variant="default" label={`${strings.admin.edit} ${policy.name}`} onClick={() => setEditing(policy)}>{strings.admin.edit}</AllowedButton>
                  <AllowedButton action="policy:manage" size="compact-sm" variant="default" label={`${strings.admin.remove} ${policy.name}`} onClick={() => setRemoving(policy)}>{strings.admin.remove}</AllowedButton>
                </Group>
              </Group>
              <pre className={classes.code}>{policy.text}</pre>
              <Text size="xs" c="dimmed" mt={4}>{`${words.by} ${policy.author}`} · <Time at={policy.created_at} /></Text>
            </section>
          ))}
          <h2 className={classes.section}>{words.shipped}</h2>
          <Text size="sm" c="dimmed">{words.shippedHelp}</Text>
          <Accordion variant="contained" order={3}>
            {[...Object.entries(list.shipped), [words.schema, list.cedar_schema] as const].map(([name, text]) => (
              <Accordion.Item key={name} value={name}>
                <Accordion.Control>{name}</Accordion.Control>
                <Accordion.Panel><pre className={classes.code}>{text}</pre></Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>{`${words.version}: ${list.policy_version}`}</Text>
        </Stack>
      )}
      {editing && <PolicyEditor policy={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing && (
        <Confirm title={words.removeTitle(removing.name)} verb={words.removeVerb} onClose={() => setRemoving(null)} run={async () => {
          await api.DELETE('/api/v1/policies/{name}', { params: { path: { name: removing.name } }, headers: ifMatch(`"${removing.tag}"`) });
          await queries.invalidateQueries({ queryKey: POLICIES });
        }}>{words.removeHelp}</Confirm>
      )}
    </AdminPage>
  );
}
