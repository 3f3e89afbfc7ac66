/** Looking at a past moment: a slider from the beginning to now, an exact time, and steps from release to release. */
import { ActionIcon, Button, Slider, TextInput } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import type { Environment } from '@/api/releases';
import { ReleaseChip } from '@/parts/Chip';
import { exactTime, Time } from '@/parts/Time';
import { strings } from '@/strings';
import { placeOf, timeAt } from './past';
import classes from './releases.module.css';

const words = strings.releases;

export interface PastBarProps {
  readonly project: string;
  readonly environment: Environment;
  /** The address's moment: a time, a release (`r41`), or undefined for now. */
  readonly at: string | undefined;
  /** The release that this moment means, and when it was made. */
  readonly release: number | undefined;
  readonly moment: string | undefined;
  readonly onMove: (at: string | undefined) => void;
}

export function PastBar({ project, environment, at, release, moment, onMove }: PastBarProps) {
  const [now] = useState(() => Date.now());
  const first = Date.parse(environment.created_at);
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = dragged ?? placeOf(at, moment, first, now);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const step = (to: number): void => onMove(to >= environment.release ? undefined : `r${to}`);
  const text = at !== undefined && !/^r?\d+$/.test(at) && !Number.isNaN(Date.parse(at)) ? local(new Date(at)) : at !== undefined && moment ? local(new Date(moment)) : '';
  return (
    <section className={classes.past} data-past={at !== undefined} aria-label={words.timeline}>
      <Slider
        min={0} max={1000} value={shown} onChange={setDragged} thumbLabel={words.timeline} label={(value) => (value >= 1000 ? words.now : exactTime(new Date(timeAt(value, first, now))))} size={4} mt={4}
        onChangeEnd={(value) => {
          setDragged(null);
          onMove(value >= 1000 ? undefined : new Date(timeAt(value, first, now)).toISOString());
        }}
      />
      <div className={classes.pastRow} style={{ marginTop: 10 }}>
        <ActionIcon variant="default" aria-label={words.earlier} disabled={release === undefined || release <= 0} onClick={() => step((release ?? 1) - 1)}><IconChevronLeft size={16} /></ActionIcon>
        <ActionIcon variant="default" aria-label={words.later} disabled={release === undefined || release >= environment.release} onClick={() => step((release ?? 0) + 1)}><IconChevronRight size={16} /></ActionIcon>
        {at !== undefined && <><IconHistory size={16} aria-hidden /><strong style={{ fontWeight: 600 }}>{words.past}</strong></>}
        {release !== undefined && release > 0 && <ReleaseChip project={project} environment={environment.name} number={release} />}
        {release === 0 && <span>{words.atRelease(0)}</span>}
        {moment && <span className={classes.soft}><Time at={moment} exact={at !== undefined} /></span>}
        <span style={{ flex: 1 }} />
        <TextInput
          key={text} size="xs" type="datetime-local" step={1} aria-label={words.exactTime(zone)} title={words.exactTime(zone)} defaultValue={text} min={local(new Date(first))} max={local(new Date(now))}
          onBlur={(event) => {
            const { value } = event.currentTarget;
            if (value !== '' && value !== text) onMove(new Date(value).toISOString());
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.currentTarget.blur();
          }}
        />
        {at !== undefined && <Button size="xs" variant="default" onClick={() => onMove(undefined)}>{words.toNow}</Button>}
      </div>
    </section>
  );
}

/** A moment as a field of local time with seconds holds it. */
function local(moment: Date): string {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
