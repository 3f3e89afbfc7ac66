/** One environment: its live release, who made it, how far it is from the newest versions, and who runs it. */
import { IconAlertTriangle, IconBan, IconBolt, IconCheck, IconClock, IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { followerSummary } from '@/api/followers';
import { projectKey } from '@/api/queries';
import type { OverviewOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, ReleaseChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './home.module.css';

const words = strings.home.project;

export function EnvironmentCard({ project, place }: { readonly project: string; readonly place: OverviewOut['environments'][number] }) {
  const { name, release, live, suspended, behind, schedule } = place;
  return (
    <article className={classes.environment} data-production={name === 'production'} aria-label={name}>
      <header>
        <IconBolt size={16} aria-hidden />
        <AppLink plain href={links.environment(project, name)} className={classes.environmentName}>{name}</AppLink>
        {release && <ReleaseChip project={project} environment={name} number={release.number} />}
      </header>
      {release ? (
        <>
          <p className={classes.reason}>{release.reason}</p>
          <p className={classes.soft}><Time at={release.at} /> {words.by} <Person name={release.by} /></p>
        </>
      ) : <p className={classes.soft}>{words.nothingLive}</p>}
      <div className={classes.marks}>
        {release && <Chip>{words.live(live)}</Chip>}
        {behind.number > 0 && <Chip tone="warn" icon={IconAlertTriangle} href={links.compare(project, 'main', name)}>{words.behind(behind.number, behind.more)}</Chip>}
        {release && behind.number === 0 && <Chip tone="good" icon={IconCheck}>{words.upToDate}</Chip>}
        {suspended > 0 && <Chip tone="bad" icon={IconBan} href={links.environment(project, name)}>{words.suspended(suspended)}</Chip>}
        {schedule && (
          <Chip tone="warn" icon={IconClock} href={links.environment(project, name, { tab: 'schedule' })}>
            {words.scheduled(schedule.prompts)} <Time at={schedule.at} />{schedule.count > 1 ? ` ${words.moreScheduled(schedule.count - 1)}` : ''}
          </Chip>
        )}
      </div>
      {release && <Running project={project} environment={name} />}
    </article>
  );
}

function Running({ project, environment }: { readonly project: string; readonly environment: string }) {
  const summary = useQuery({
    queryKey: projectKey(project, 'followers', 'summary', environment),
    refetchInterval: 30_000,
    queryFn: () => followerSummary(project, environment),
  }).data;
  if (!summary) return null;
  return (
    <p className={classes.running}>
      <IconPlugConnected size={15} aria-hidden />
      <AppLink href={links.environment(project, environment, { tab: 'applications' })}>{summary.total === 0 ? words.noneRunning : words.running(summary.current, summary.total)}</AppLink>
      {summary.behind > 0 && <Chip tone="warn" icon={IconClock}>{words.behindApps(summary.behind)}</Chip>}
      {summary.silent > 0 && <Chip tone="idle" icon={IconBan}>{words.silentApps(summary.silent)}</Chip>}
    </p>
  );
}
