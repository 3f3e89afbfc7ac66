/** The small set of chips used everywhere. Each links to its thing; none says something by colour alone. */
import {
  IconAlertTriangle, IconArchive, IconBan, IconBolt, IconCheck, IconCircleDashed, IconCircleDot, IconClock, IconPencil, IconRocket, IconUser, IconX, type Icon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { links } from '@/links';
import { AppLink } from './AppLink';
import { Person } from './Person';
import classes from './parts.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'production' | 'plain';

export interface ChipProps {
  readonly children: ReactNode;
  readonly tone?: Tone;
  readonly icon?: Icon;
  readonly href?: string;
  readonly title?: string;
}

export function Chip({ children, tone = 'plain', icon: Mark, href, title }: ChipProps) {
  const inside = (
    <>
      {Mark && <Mark size={13} aria-hidden />}
      {children}
    </>
  );
  const look = [classes.chip, tone === 'plain' ? '' : classes[tone]].join(' ');
  return href === undefined ? (
    <span className={look} title={title}>{inside}</span>
  ) : (
    <AppLink plain className={look} href={href} title={title}>{inside}</AppLink>
  );
}

/** `v12`, to that version of the prompt. */
export function VersionChip({ project, path, version }: { readonly project: string; readonly path: string; readonly version: number }) {
  return <Chip href={links.prompt(project, path, { v: version })}>{`v${version}`}</Chip>;
}

/** `r42`, to that release. */
export function ReleaseChip({ project, environment, number }: { readonly project: string; readonly environment: string; readonly number: number }) {
  return <Chip icon={IconRocket} href={links.release(project, environment, number)}>{`r${number}`}</Chip>;
}

/** An environment; production is the strong one. `version` adds what is live there. */
export function EnvironmentChip({ project, environment, version }: { readonly project: string; readonly environment: string; readonly version?: number | null }) {
  return (
    <Chip tone={environment === 'production' ? 'production' : 'plain'} icon={IconBolt} href={links.environment(project, environment)}>
      {version === undefined || version === null ? environment : `${environment} v${version}`}
    </Chip>
  );
}

const STATES: Readonly<Record<string, readonly [Tone, Icon]>> = {
  draft: ['idle', IconPencil],
  in_review: ['warn', IconClock],
  review: ['warn', IconClock],
  reviewed: ['warn', IconCheck],
  approved: ['good', IconCheck],
  published: ['good', IconRocket],
  live: ['good', IconRocket],
  behind: ['warn', IconClock],
  suspended: ['bad', IconBan],
  revoked: ['bad', IconX],
  rejected: ['bad', IconX],
  retired: ['idle', IconArchive],
  archived: ['idle', IconArchive],
  invalid: ['bad', IconAlertTriangle],
};

/** A state of a version, request or job in words of the product. */
export function StateChip({ state, href }: { readonly state: string; readonly href?: string }) {
  const [tone, icon] = STATES[state] ?? ['idle', IconCircleDot];
  return <Chip tone={tone} icon={icon} href={href}>{state.replaceAll('_', ' ')}</Chip>;
}

/** The risk tier of a record. */
export function TierChip({ tier }: { readonly tier: string | null | undefined }) {
  if (!tier) return <Chip tone="idle" icon={IconCircleDashed}>no tier</Chip>;
  return <Chip tone={tier === 'high' ? 'bad' : tier === 'medium' ? 'warn' : 'idle'} icon={IconAlertTriangle}>{`${tier} risk`}</Chip>;
}

/** A person or machine by name. */
export function PersonChip({ name }: { readonly name: string }) {
  return <Chip icon={IconUser}><Person name={name} /></Chip>;
}
