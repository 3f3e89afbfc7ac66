/** What the pages of keys say of moments and of what follows; the server says which key follows which. */
import type { KeyOut } from '@/api/schema';
import { strings } from '@/strings';

const words = strings.admin.keys;
const HOUR = 3_600_000;

/** When a key announced now would begin to sign; null where that is no number of hours. */
export function signsFrom(hours: number | string, now: Date): Date | null {
  if (typeof hours === 'string' || !Number.isFinite(hours)) return null;
  const at = new Date(now.getTime() + hours * HOUR);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** What signs once the key is revoked. */
export function whatFollows({ state, successor }: Pick<KeyOut, 'state' | 'successor'>): string {
  if (successor === null) return words.followsNew;
  if (state === 'signing') return words.followsSigning(successor);
  return state === 'announced' ? words.followsAnnounced(successor) : words.followsRetired(successor);
}

/** Newest first: what signs, or will, stands above what did. */
export function newestFirst(keys: readonly KeyOut[]): KeyOut[] {
  return keys.toReversed();
}
