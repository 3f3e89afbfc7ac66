/** A release as it spreads: a map of running applications turning from old to new, a counter, and who is late. */
import { IconCircleCheckFilled, IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { followersQuery, type Spread } from '@/api/releases';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { duration } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './spread.module.css';
import { clock, squaresOf, type SquareState } from './squares';
import { Stragglers } from './Stragglers';
import { useSpread } from './useSpread';

const words = strings.sheets;

export interface SpreadPanelProps {
  readonly project: string;
  readonly environment: string;
  readonly number: number;
  /** It was made just now, in this window: the counter runs from here. */
  readonly fresh?: boolean;
}

export function SpreadPanel({ project, environment, number, fresh = false }: SpreadPanelProps) {
  const spread = useSpread(project, environment, number, true);
  const followers = useQuery(followersQuery(project, environment, 500));
  if (spread.error) return <Refusal fault={spread.error} />;
  if (!spread.data) return <Waiting lines={5} />;
  if (spread.data.total === 0) return <Empty icon={IconPlugConnectedX} title={words.nobodyFollows} />;
  const map = squaresOf(spread.data, followers.data?.items ?? []);
  return (
    <div className={classes.panel}>
      <Headline spread={spread.data} fresh={fresh} />
      <div className={classes.map} role="img" aria-label={words.mapOf(spread.data.applied, spread.data.total)} data-many={map.squares.length > 150}>
        {map.squares.map(({ key, state, of }) => <span key={key} className={classes.square} data-state={state} title={of ? words.square(of.host, of.process, words.states[of.state] ?? of.state) : undefined} />)}
      </div>
      <Legend each={map.each} />
      {spread.data.waiting + spread.data.silent <= spread.data.stragglers.length && <Stragglers items={spread.data.stragglers} />}
    </div>
  );
}

function Headline({ spread, fresh }: { readonly spread: Spread; readonly fresh: boolean }) {
  const done = spread.waiting === 0;
  const times = [
    spread.slowest_ms !== null && words.slowest(duration(spread.slowest_ms)),
    spread.p50_ms !== null && words.half(duration(spread.p50_ms)),
    spread.p99_ms !== null && spread.total >= 20 && words.nearlyAll(duration(spread.p99_ms)),
    spread.waiting > 0 && words.waiting(spread.waiting),
    spread.silent > 0 && words.silent(spread.silent),
  ].filter((one) => one !== false);
  return (
    <div className={classes.headline}>
      <div>
        <p className={classes.count}>
          {done && <IconCircleCheckFilled size={24} className={classes.done} aria-hidden />}
          <strong>{words.spreadOf(spread.applied, spread.total)}</strong> {words.haveIt(spread.total)}
        </p>
        <p className={classes.times} aria-live="polite">{times.join(' · ')}</p>
        {done && <p className={classes.times}>{spread.silent > 0 ? words.allButSilent : words.allHaveIt}</p>}
      </div>
      {fresh && <Counter running={!done} slowest={spread.slowest_ms} />}
    </div>
  );
}

/** Runs from when it is first shown until every application that gives signs has it; then it says what the slowest took. */
function Counter({ running, slowest }: { readonly running: boolean; readonly slowest: number | null }) {
  const began = useRef<number | null>(null);
  const [passed, setPassed] = useState(0);
  useEffect(() => {
    began.current ??= performance.now();
    if (!running) return undefined;
    let frame = 0;
    const tick = (now: number): void => {
      setPassed(Math.max(0, now - (began.current ?? now)));
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [running]);
  const shown = running ? clock(passed) : slowest === null ? clock(passed) : duration(slowest);
  return (
    <div className={classes.counter} aria-hidden>
      <span data-running={running}>{shown}</span>
      <small>{running ? words.sinceRelease : words.toTheLast}</small>
    </div>
  );
}

const LEGEND: readonly SquareState[] = ['fresh', 'old', 'silent'];

function Legend({ each }: { readonly each: number }) {
  return (
    <div className={classes.legend}>
      {LEGEND.map((state) => <span key={state}><span className={classes.square} data-state={state} aria-hidden />{words.legend[state]}</span>)}
      {each > 1 && <span>{words.each(each)}</span>}
    </div>
  );
}
