/** Problems of the server's check, brought to the text they are in. */
import type { DraftProblemOut } from '@/api/schema';

export type Fault = DraftProblemOut;

/** An offset in characters as an offset in the browser's units (a character beyond the basic plane takes two). */
export function unitsOf(text: string, characters: number): number {
  let units = 0;
  for (let left = characters; left > 0 && units < text.length; left -= 1) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}

/** Where a fault stands in the text it is about: its own place, or the first line. */
export function rangeOf(fault: Fault, text: string): { from: number; to: number } {
  if (fault.start !== null && fault.end !== null) return { from: unitsOf(text, fault.start), to: unitsOf(text, fault.end) };
  const end = text.indexOf('\n');
  return { from: 0, to: end < 0 ? text.length : end };
}

/** Faults of the value at a key path, or of what is below it. */
export function faultsAt(faults: readonly Fault[], key: string): readonly Fault[] {
  return faults.filter((fault) => fault.key === key || fault.key.startsWith(`${key}.`) || fault.key.startsWith(`${key}[`));
}

/** The name of a variable a fault is about, as its message quotes it. */
export function namedIn(fault: Fault): string | null {
  return /^'([^']+)'/.exec(fault.message)?.[1] ?? null;
}
