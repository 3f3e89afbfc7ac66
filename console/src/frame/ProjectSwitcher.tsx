/** The project of the page, and a way to another. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';

export function ProjectSwitcher({ project }: { readonly project: string | undefined }) {
  const go = useGo();
  const projects = useQuery({
    queryKey: ['projects', 'switcher'],
    queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 100 } } })),
  }).data;
  const names = projects?.items.map(({ name, title }) => ({ value: name, label: title || name })) ?? [];
  if (project !== undefined && !names.some(({ value }) => value === project)) names.push({ value: project, label: project });
  return (
    <Select
      aria-label={strings.frame.switchProject}
      placeholder={strings.frame.switchProject}
      data={names}
      value={project ?? null}
      onChange={(name) => name !== null && go(links.project(name))}
      allowDeselect={false}
      searchable
      m="8px 12px"
    />
  );
}
