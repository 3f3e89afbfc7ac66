/** The environments in the order prompts go through them, with their rules in words. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { CreateEnvironment } from './CreateEnvironment';
import { EnvironmentCard } from './EnvironmentCard';

const words = strings.projectSettings.environments;

export function Environments({ project }: { readonly project: string }) {
  const [creating, setCreating] = useState(false);
  const may = useCan('environment:create', project);
  const list = useQuery({
    queryKey: projectKey(project, 'environments', 'settings'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  const items = list.data ? [...list.data.items].sort((a, b) => a.position - b.position) : undefined;
  const create = <Allowed may={may}>{(off) => <Button disabled={off} onClick={() => setCreating(true)}>{words.create}</Button>}</Allowed>;
  return (
    <Stack maw={960}>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620} style={{ flex: '1 1 260px' }}>{words.lead}</Text>
        {create}
      </Group>
      <Refusal fault={list.error} onRetry={() => void list.refetch()} />
      {!items && !list.error && <Waiting />}
      {items?.length === 0 && <Empty icon={IconStack2} title={words.none} action={create}>{words.noneHelp}</Empty>}
      {items?.map((item, at) => <EnvironmentCard key={item.environment_id} project={project} item={item} others={items} first={at === 0} last={at === items.length - 1} />)}
      {creating && items && <CreateEnvironment project={project} others={items} onClose={() => setCreating(false)} />}
    </Stack>
  );
}
