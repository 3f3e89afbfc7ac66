/** Model targets this project may use. */
import { Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCpu } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.projectSettings.models;

export function Models({ project }: { readonly project: string }) {
  const go = useGo();
  const list = usePages(projectKey(project, 'models'), (cursor) => data(api.GET('/api/v1/projects/{project}/models', { params: { path: { project }, query: { cursor } } })));
  return (
    <Stack>
      <Text size="sm" c="dimmed" maw={680}>{words.lead}</Text>
      <Refusal fault={list.error} />
      {!list.items && !list.error && <Waiting />}
      {list.items?.length === 0 && <Empty icon={IconCpu} title={words.none} action={<Button variant="default" onClick={() => go(links.admin('models'))}>{words.toAdmin}</Button>}>{words.noneHelp}</Empty>}
      {list.items && list.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={`${classes.table} ${classes.cards}`}>
            <thead><tr><th>{words.name}</th><th>{words.model}</th><th>{words.region}</th><th>{words.data}</th><th>{words.ready}</th></tr></thead>
            <tbody>
              {list.items.map((target) => (
                <tr key={target.name}>
                  <td>{target.name}</td>
                  <td data-label={words.model}>{`${target.provider} / ${target.model}`} {target.alias && <Chip tone="warn" icon={IconAlertTriangle}>{words.alias}</Chip>}</td>
                  <td data-label={words.region}>{target.region}</td>
                  <td data-label={words.data}>{target.data_class.replaceAll('_', ' ')}</td>
                  <td data-label={words.ready}>{target.credential_there ? <Chip tone="good" icon={IconCheck}>{words.yes}</Chip> : <Chip tone="bad" icon={IconAlertTriangle}>{words.no}</Chip>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={list} />
    </Stack>
  );
}
