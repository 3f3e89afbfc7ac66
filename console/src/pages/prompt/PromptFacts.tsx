/** Facts about the prompt at the side: record, problems, where it is live, who uses it, who answers for it. */
import { Progress, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import type { StatusOut, VersionInHistory } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip, PersonChip, StateChip, VersionChip } from '@/parts/Chip';
import { Facts } from '@/parts/Page';
import { Person } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { liveOf, useUses } from './facts';
import type { DraftState } from './session';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly state: DraftState; readonly versions: readonly VersionInHistory[]; readonly status: StatusOut | undefined }

export function PromptFacts({ project, path, state, versions, status }: Props) {
  const uses = useUses(project, path);
  const record = state.checked?.record;
  const missing = record?.findings.filter(({ severity }) => severity === 'error') ?? [];
  const answered = new Set(record?.values.map(({ id }) => id)).size;
  const open = new Set(missing.map(({ id }) => id)).size;
  const problems = state.checked?.problems ?? [];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const live = liveOf(versions);
  const newest = versions[0];
  return (
    <>
      <Facts title={words.record}>
        {record && <Progress value={(100 * answered) / Math.max(1, answered + open)} aria-label={words.record} size="sm" mb={6} color={open === 0 ? 'teal' : 'accent'} />}
        {record ? <AppLink href={links.prompt(project, path, { tab: 'record' })}>{open === 0 ? words.recordComplete : words.recordMissing(missing.length)}</AppLink> : <Skeleton height={20} />}
      </Facts>
      <Facts title={words.checks}>
        {!state.checked ? <Skeleton height={22} width={130} radius="xl" /> : problems.length === 0 ? <Chip tone="good" icon={IconCheck}>{words.noProblems}</Chip> : <Chip tone={errors > 0 ? 'bad' : 'warn'} icon={errors > 0 ? IconX : IconAlertTriangle}>{words.problemCount(errors, problems.length - errors)}</Chip>}
      </Facts>
      <Facts title={words.liveWhere}>
        {live.length === 0 ? <Text size="sm" c="dimmed">{words.notLive}</Text> : <Stack gap={6} align="flex-start">{live.map(({ environment, version }) => <EnvironmentChip key={environment} project={project} environment={environment} version={version} />)}</Stack>}
      </Facts>
      <Facts title={words.review}>
        {status?.request ? (
          <Stack gap={6} align="flex-start">
            <StateChip state={status.request.state} href={links.review(project, status.request.request)} />
            <Text size="sm">{status.request.message}</Text>
          </Stack>
        ) : (
          <Stack gap={4} align="flex-start">
            <Text size="sm" c="dimmed">{words.reviewNone}</Text>
            {newest && <AppLink href={links.reviews(project, { new: `${path}@${newest.version}` })}>{words.askReview}</AppLink>}
          </Stack>
        )}
      </Facts>
      <Facts title={words.usedBy}>
        {uses.data?.items.length ? (
          <Stack gap={4}>{uses.data.items.map((use) => <AppLink key={use.path} href={links.prompt(project, use.path)}>{use.path}</AppLink>)}</Stack>
        ) : <Text size="sm" c="dimmed">{words.usedByNone}</Text>}
      </Facts>
      <Facts title={words.owners}>
        {state.doc === null ? <Skeleton height={22} width={110} radius="xl" /> : state.doc.owners?.length ? <Stack gap={6} align="flex-start">{state.doc.owners.map((name) => <PersonChip key={name} name={name} />)}</Stack> : <Text size="sm" c="dimmed">{words.noOwner}</Text>}
      </Facts>
      {newest && (
        <Facts title={words.lastChange}>
          <Stack gap={4} align="flex-start">
            <VersionChip project={project} path={path} version={newest.version} />
            <Text size="sm">{newest.message}</Text>
            <Text size="sm" c="dimmed"><Person name={newest.author} /> · <Time at={newest.created_at} /></Text>
          </Stack>
        </Facts>
      )}
    </>
  );
}
