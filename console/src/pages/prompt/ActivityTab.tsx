/** What happened to this prompt, newest first. */
import { IconActivity } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { ActivityList } from '@/parts/ActivityList';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

export function ActivityTab({ project, path }: { readonly project: string; readonly path: string }) {
  const activity = usePages(projectKey(project, 'activity', path), (cursor) =>
    data(api.GET('/api/v1/projects/{project}/activity', { params: { path: { project }, query: { prompt: path, cursor } } })));
  if (activity.error) return <Refusal fault={activity.error} />;
  if (activity.isPending) return <Waiting />;
  if (activity.items?.length === 0) return <Empty icon={IconActivity} title={strings.prompt.activityNone} />;
  return (
    <div style={{ maxWidth: 960 }}>
      <ActivityList project={project} items={activity.items ?? []} of={path} />
      <MorePages query={activity} />
    </div>
  );
}
