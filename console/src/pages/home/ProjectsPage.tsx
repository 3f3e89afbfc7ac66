/** All projects the person may see. */
import { IconFolder } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';

export function ProjectsPage() {
  const projects = usePages(['projects', 'list'], (cursor) => data(api.GET('/api/v1/projects', { params: { query: { cursor } } })));
  return (
    <Page title={strings.frame.projects} width="read">
      <Refusal fault={projects.error} />
      {projects.isPending && <Waiting />}
      {projects.items?.length === 0 && <Empty icon={IconFolder} title="No project yet" />}
      <ul>{projects.items?.map(({ name, title }) => <li key={name}><AppLink href={links.project(name)}>{title || name}</AppLink></li>)}</ul>
      <MorePages query={projects} />
    </Page>
  );
}
