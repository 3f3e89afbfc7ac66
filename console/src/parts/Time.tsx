/** Moments and durations as people say them; the exact moment with zone and UTC is in the title. */
import { memo, useSyncExternalStore } from 'react';
import classes from './parts.module.css';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [['day', 86_400], ['hour', 3600], ['minute', 60]];

/** `3 min. ago`, `just now`, `in 2 days`; a date from thirty days on. */
export function relativeTime(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  if (Math.abs(seconds) < 45) return 'just now';
  if (Math.abs(seconds) >= 30 * 86_400) return day.format(at);
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(Math.sign(seconds), 'minute');
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `25 Jul 2026, 10:12:03 (Asia/Singapore) · 02:12:03 UTC`. */
export function exactTime(at: Date): string {
  return `${local.format(at)} (${zone}) · ${at.toISOString().replace('T', ' ').slice(0, 19)} UTC`;
}

/** Milliseconds in the unit people use: `0.4 ms`, `37 ms`, `1.2 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `25 Jul` of `2026-07-25`. */
export function dayAndMonth(text: string): string {
  return short.format(new Date(`${text}T12:00:00`));
}

/** `25 Jul 2026` of `2026-07-25`, or of a moment. */
export function date(text: string): string {
  const at = new Date(text.length === 10 ? `${text}T12:00:00` : text);
  return Number.isNaN(at.getTime()) ? text : day.format(at);
}

/** One clock for all moments on the page: hundreds may be shown. */
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function listen(tell: () => void): () => void {
  // Nobody listened, so nothing ticked: moments read below are in the past of a stopped clock.
  if (listeners.size === 0) {
    now = new Date();
    timer = setInterval(() => {
      now = new Date();
      for (const each of listeners) each();
    }, 30_000);
  }
  listeners.add(tell);
  return () => {
    listeners.delete(tell);
    if (listeners.size === 0) clearInterval(timer);
  };
}

export const Time = memo(function Time({ at, exact = false }: { readonly at: string | null | undefined; readonly exact?: boolean }) {
  const clock = useSyncExternalStore(listen, () => now);
  if (!at) return <span>never</span>;
  const moment = new Date(at);
  return (
    <time className={classes.time} dateTime={at} title={exactTime(moment)}>
      {exact ? local.format(moment) : relativeTime(moment, clock)}
    </time>
  );
});
