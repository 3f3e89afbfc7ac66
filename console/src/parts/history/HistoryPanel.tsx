/** A prompt's versions, newest first. */
import { Stack } from '@mantine/core';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { VersionInHistory } from '@/api/schema';
import { PersonChip, StateChip, VersionChip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages, type CursorPage } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';

export function HistoryPanel({ project, path }: { readonly project: string; readonly path: string }) {
  const versions = usePages(projectKey(project, 'versions', path, 'list'), async (cursor) =>
    (await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path }, query: { cursor } } }))) as unknown as CursorPage<VersionInHistory>);
  if (versions.error) return <Refusal fault={versions.error} />;
  if (versions.isPending) return <Waiting />;
  return (
    <Stack gap="sm">
      {versions.items?.map((one) => (
        <div key={`${one.path}@${one.version}`} style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
          <VersionChip project={project} path={one.path} version={one.version} /><StateChip state={one.state} /><PersonChip name={one.author} /><span>{one.message}</span><Time at={one.created_at} />
        </div>
      ))}
      <MorePages query={versions} />
    </Stack>
  );
}
