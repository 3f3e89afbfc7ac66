/** The map of running applications as squares: one for each, or one for many where there are too many to draw. */
import type { Follower, Spread } from '@/api/releases';

export type SquareState = 'fresh' | 'old' | 'silent';

export interface Square {
  readonly key: string;
  readonly state: SquareState;
  /** The application; null where a square stands for many or it is not known which. */
  readonly of: Follower | null;
}

export interface SquareMap {
  readonly squares: readonly Square[];
  /** How many applications a square stands for. */
  readonly each: number;
}

/** More squares than this are no map any more. */
export const MOST = 600;

/** Whether an application has a release (or a later one), does not yet, or gives no sign. */
export function stateFor(follower: Follower, release: number): SquareState {
  if (follower.release >= release) return 'fresh';
  return follower.state === 'silent' ? 'silent' : 'old';
}

/** Named squares in the order of the list where all are known; else counted ones, those that have it first. */
export function squaresOf(spread: Pick<Spread, 'release' | 'total' | 'applied' | 'waiting' | 'silent'>, followers: readonly Follower[]): SquareMap {
  const { total, applied, waiting, silent } = spread;
  if (followers.length >= total && total > 0 && total <= MOST) {
    return { each: 1, squares: followers.map((of) => ({ key: of.id, of, state: stateFor(of, spread.release) })) };
  }
  const each = Math.max(1, Math.ceil(total / MOST));
  // Whoever waits is never rounded away: a single straggler still has its square.
  const many = (count: number): number => Math.ceil(count / each);
  const late = many(waiting) + many(silent);
  const fresh = Math.max(0, Math.ceil(total / each) - late) || (applied > 0 ? 1 : 0);
  const squares = (state: SquareState, count: number): Square[] => Array.from({ length: count }, (_, at) => ({ key: `${state}${at}`, state, of: null }));
  return { each, squares: [...squares('fresh', fresh), ...squares('old', many(waiting)), ...squares('silent', many(silent))] };
}

/** `0.412 s` while it runs. */
export function clock(ms: number): string {
  return `${Math.floor(ms / 1000).toLocaleString('en')}.${String(Math.floor(ms % 1000)).padStart(3, '0')} s`;
}
