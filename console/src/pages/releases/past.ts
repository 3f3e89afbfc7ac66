/** The slider's places: 0 is when the environment began, 1000 is now. */

/** Where a moment is on the slider. */
export function placeOf(at: string | undefined, moment: string | undefined, first: number, now: number): number {
  if (at === undefined) return 1000;
  const time = /^r?\d+$/.test(at) ? Date.parse(moment ?? '') : Date.parse(at);
  if (Number.isNaN(time) || now <= first) return 1000;
  return Math.min(1000, Math.max(0, Math.round(((time - first) / (now - first)) * 1000)));
}

/** The moment of a place, in milliseconds; the first place is just after the beginning, so that there is something to ask about. */
export function timeAt(place: number, first: number, now: number): number {
  return Math.min(now, Math.max(first + 1000, first + ((now - first) * place) / 1000));
}
