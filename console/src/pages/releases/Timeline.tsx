/** Releases as a list, newest first: what, who, why, and the way back. `j` and `k` move, Enter opens. */
import { IconArrowBackUp, IconBan, IconCircleMinus, IconRocket, IconTimelineEvent, type Icon } from '@tabler/icons-react';
import { useHotkeys } from '@mantine/hooks';
import { useRef } from 'react';
import type { Release } from '@/api/releases';
import { links, withSheet } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { LazyPart } from '@/parts/diff/LazyPart';
import { inParts } from '@/parts/diff/sections';
import { LinkButton } from '@/parts/LinkButton';
import { Chip, EnvironmentChip, PersonChip, ReleaseChip } from '@/parts/Chip';
import { useGo, useHref } from '@/parts/navigate';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;
const MARKS: Readonly<Record<string, Icon>> = { publish: IconRocket, rollback: IconArrowBackUp, suspend: IconBan, unpublish: IconCircleMinus };
const PATHS = 4;
const PART = 20;
const ROW = 92;

export interface TimelineProps {
  readonly project: string;
  readonly items: readonly Release[];
  /** Say of each in which environment it was. */
  readonly named?: boolean;
  /** The newest release of each environment: going back to it changes nothing. */
  readonly heads: Readonly<Record<string, number>>;
}

export function Timeline({ project, items, named = false, heads }: TimelineProps) {
  const list = useRef<HTMLOListElement>(null);
  const go = useGo();
  const move = (by: number): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>(':scope > li[tabindex]') ?? [])];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
  };
  useHotkeys([['j', () => move(1)], ['k', () => move(-1)]]);
  return (
    <ol ref={list} className={classes.timeline} aria-label={words.list}>
      {inParts(items, PART).map((part, at) => (
        <LazyPart key={part[0] ? `${part[0].environment}${part[0].number}` : at} height={part.length * ROW} eager={at === 0} item>
          {() => part.map((release) => <Entry key={`${release.environment}${release.number}`} project={project} release={release} named={named} isHead={heads[release.environment] === release.number} onOpen={() => go(links.release(project, release.environment, release.number))} />)}
        </LazyPart>
      ))}
    </ol>
  );
}

interface EntryProps {
  readonly project: string;
  readonly release: Release;
  readonly named: boolean;
  readonly isHead: boolean;
  readonly onOpen: () => void;
}

function Entry({ project, release, named, isHead, onOpen }: EntryProps) {
  const here = useHref();
  const { number, environment, kind, actor, reason, ticket, acknowledged_at: at, prompts, changed } = release;
  const Mark = MARKS[kind] ?? IconTimelineEvent;
  return (
    // The row takes the keyboard for j, k and Enter; its links and buttons stay reachable by Tab.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li
      className={classes.entry} tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) onOpen();
      }}
    >
      <span className={classes.mark} data-kind={kind}><Mark size={20} aria-hidden /></span>
      <div style={{ minWidth: 0 }}>
        <div className={classes.what}>
          <ReleaseChip project={project} environment={environment} number={number} />
          {named && <EnvironmentChip project={project} environment={environment} />}
          <span>{words.kinds[kind] ?? kind}</span>
          <span className={classes.soft}>{words.prompts(changed)}</span>
        </div>
        <p className={classes.reason}>{reason}</p>
        <div className={classes.paths}>
          {prompts.slice(0, PATHS).map(({ path, version, previous, state }) => (
            <span key={path}><AppLink href={links.prompt(project, path)}>{path}</AppLink> <span className={classes.soft}>{state === 'live' ? strings.sheets.from(previous, version) : `v${version}`}</span></span>
          ))}
          {changed > PATHS && <span className={classes.soft}>{words.more(changed - PATHS)}</span>}
        </div>
      </div>
      <div className={classes.end}>
        <div className={classes.what}>
          {ticket && <Chip>{ticket}</Chip>}
          <PersonChip name={actor} />
          <span className={classes.soft}><Time at={at} /></span>
        </div>
        <LinkButton
          size="compact-xs" variant="default" leftSection={<IconArrowBackUp size={14} />} aria-label={`${isHead ? words.rollback : words.rollbackTo}: r${number} (${environment})`}
          href={withSheet(here, isHead ? { sheet: 'rollback', in: environment, ...(prompts.length === 1 && changed === 1 && prompts[0] ? { prompts: prompts[0].path } : { to: `r${number - 1}` }) } : { sheet: 'rollback', in: environment, to: `r${number}` })}
        >
          {isHead ? words.rollback : words.rollbackTo}
        </LinkButton>
      </div>
    </li>
  );
}
