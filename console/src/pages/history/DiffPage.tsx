/** Two contents of one prompt beside each other: versions, or what is live in an environment. */
import { ActionIcon, Select, Tooltip } from '@mantine/core';
import { IconArrowsLeftRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { PromptDiff } from '@/parts/diff/PromptDiff';
import { usePages, MorePages } from '@/parts/Pages';
import { AppLink } from '@/parts/AppLink';
import { Page } from '@/parts/Page';
import { useAddressQuery } from '@/parts/navigate';
import { versionsPage } from '@/parts/history/versions';
import { strings } from '@/strings';
import classes from './history.module.css';

const words = strings.history;

export function DiffPage() {
  const project = useProject();
  const { _splat: path = '' } = useParams({ strict: false });
  const [{ from, to = 'main' }, set] = useAddressQuery();
  const versions = usePages(projectKey(project, 'versions', path, 'list'), (cursor) => versionsPage(project, path, cursor));
  const environments = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  }).data;
  const newest = versions.items?.[0]?.version;
  const right = to === 'main' ? (newest === undefined ? undefined : String(newest)) : to;
  const left = from ?? (right !== undefined && /^\d+$/.test(right) && Number(right) > 1 ? String(Number(right) - 1) : undefined);
  const options = [
    { group: words.environments, items: (environments?.items ?? []).map(({ name }) => ({ value: name, label: name })) },
    { group: words.versions, items: withValues((versions.items ?? []).map(({ version, message }) => ({ value: String(version), label: words.versionOption(version, message.split('\n')[0] ?? '') })), left, right) },
  ];
  return (
    <Page title={words.diffTitle} documentTitle={`${path} · ${words.diffTitle}`} actions={<AppLink href={links.prompt(project, path, { tab: 'history' })}>{words.openPrompt}</AppLink>}>
      <div className={classes.sides}>
        <Select className={classes.side} label={words.from} data={options} value={left ?? null} placeholder={words.nothing} clearable searchable onChange={(value) => set({ from: value ?? 'nothing' })} />
        <Tooltip label={words.swap}>
          <ActionIcon variant="default" size={34} aria-label={words.swap} disabled={left === undefined || left === 'nothing'} onClick={() => set({ from: right, to: left })}><IconArrowsLeftRight size={16} /></ActionIcon>
        </Tooltip>
        <Select className={classes.side} label={words.to} data={options} value={right ?? null} allowDeselect={false} searchable onChange={(value) => value !== null && set({ to: value, from: left })} />
      </div>
      {right !== undefined && <PromptDiff project={project} path={path} from={left === undefined || left === 'nothing' ? null : left} to={right} />}
      <div hidden><MorePages query={versions} /></div>
    </Page>
  );
}

/** The options with the chosen versions among them, even where their page is not fetched. */
function withValues(items: readonly { value: string; label: string }[], ...chosen: readonly (string | undefined)[]): { value: string; label: string }[] {
  const missing = chosen.filter((value): value is string => value !== undefined && /^\d+$/.test(value) && !items.some((item) => item.value === value));
  return [...items, ...[...new Set(missing)].map((value) => ({ value, label: `v${value}` }))];
}
