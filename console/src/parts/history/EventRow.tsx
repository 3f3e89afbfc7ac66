/** One row of a prompt's history. */
import { IconBan, IconCheck, IconClipboardCheck, IconPencil, IconRocket, IconRotate, IconX, type Icon } from '@tabler/icons-react';
import { memo } from 'react';
import type { VersionInHistory } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip, ReleaseChip, StateChip, VersionChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import type { Event } from './timeline';
import { VersionMenu } from './VersionMenu';
import classes from './history.module.css';

const words = strings.history.panel;

export interface EventRowProps {
  readonly project: string;
  readonly path: string;
  readonly event: Event;
  readonly newest: number | undefined;
  readonly chosen: boolean;
  readonly onChoose: (version: number) => void;
  readonly onRestore: (version: VersionInHistory) => void;
}

export const EventRow = memo(function EventRow(props: EventRowProps) {
  const { project, path, event } = props;
  if (event.kind === 'version') return <VersionRow {...props} version={event.version} />;
  if (event.kind === 'release') {
    const { release } = event;
    return (
      <Small icon={release.kind === 'suspend' ? IconBan : release.kind === 'rollback' ? IconRotate : IconRocket} tone={release.kind === 'suspend' ? classes.bad : classes.good} at={event.at} why={release.reason}>
        <strong><Person name={release.actor} /></strong> {words.kinds[release.kind]} <VersionChip project={project} path={path} version={event.version} /> {words.in} <EnvironmentChip project={project} environment={release.environment} /> <ReleaseChip project={project} environment={release.environment} number={release.number} />
      </Small>
    );
  }
  const { request } = event;
  const link = <AppLink href={links.review(project, request.request)}>#{request.request}</AppLink>;
  if (event.kind === 'request') {
    return (
      <Small icon={IconClipboardCheck} at={event.at} why={request.message}>
        <strong><Person name={request.opened_by} /></strong> {words.asked} <VersionChip project={project} path={path} version={request.version} /> {link} <StateChip state={request.state} href={links.review(project, request.request)} />
      </Small>
    );
  }
  const { decision } = event;
  const good = ['review', 'validate', 'approve'].includes(decision.decision);
  return (
    <Small icon={good ? IconCheck : IconX} tone={good ? classes.good : classes.warn} at={event.at} why={decision.reason}>
      <strong><Person name={decision.by} /></strong> {(words.decisions as Readonly<Record<string, string>>)[decision.decision] ?? decision.decision} <VersionChip project={project} path={path} version={request.version} /> {link}
    </Small>
  );
});

function Small({ icon: Mark, tone, at, why, children }: { readonly icon: Icon; readonly tone?: string; readonly at: string; readonly why: string; readonly children: React.ReactNode }) {
  return (
    <li className={classes.small}>
      <Mark size={16} className={tone} aria-hidden />
      <span className={classes.said}>{children}{why !== '' && <span className={classes.soft}> · {why.split('\n')[0]}</span>}</span>
      <span className={classes.when}><Time at={at} /></span>
    </li>
  );
}

function VersionRow({ project, path, version, newest, chosen, onChoose, onRestore }: EventRowProps & { readonly version: VersionInHistory }) {
  const number = version.version;
  const here = version.path === path;
  return (
    <li className={classes.version} data-chosen={chosen}>
      {here ? <input type="checkbox" className={classes.box} aria-label={words.choose(number)} checked={chosen} onChange={() => onChoose(number)} /> : <IconPencil size={16} aria-hidden />}
      <span className={classes.said}>
        <AppLink plain href={links.prompt(project, version.path, { v: number })} className={classes.message}>{version.message.split('\n')[0] || words.noMessage}</AppLink>
        <span className={classes.soft}><Person name={version.author} /> · <Time at={version.created_at} />{version.moved_from !== null && ` · ${words.movedFrom(version.moved_from)}`}</span>
      </span>
      <span className={classes.chips}>
        {version.live.map((environment) => <EnvironmentChip key={environment} project={project} environment={environment} />)}
        {!version.valid && <StateChip state="invalid" />}
        {version.redacted_at !== null && <Chip tone="bad">{words.redacted}</Chip>}
        <StateChip state={version.state} />
        <VersionChip project={project} path={version.path} version={number} />
        <VersionMenu project={project} path={path} version={version} newest={newest} onRestore={onRestore} />
      </span>
    </li>
  );
}
