/** Results of a run as a grid of cases by target, and two runs beside each other. Pure. */
import type { ResultOut, RunOut } from '@/api/schema';
import { strings } from '@/strings';

export type Outcome = 'passed' | 'failed' | 'unchecked' | 'error' | 'skipped' | 'waiting';

/** Sums over all targets. */
export function tallies(run: RunOut): { readonly passed: number; readonly failed: number; readonly errors: number; readonly reused: number } {
  const sum = { passed: 0, failed: 0, errors: 0, reused: 0 };
  for (const target of run.targets) {
    sum.passed += target.passed;
    sum.failed += target.failed;
    sum.errors += target.errors;
    sum.reused += target.reused;
  }
  return sum;
}

export function isLive(run: Pick<RunOut, 'state'>): boolean {
  return run.state === 'waiting' || run.state === 'running';
}

export function outcomeOf(result: Pick<ResultOut, 'state' | 'passed'>): Outcome {
  if (result.state !== 'done') return result.state;
  return result.passed === null ? 'unchecked' : result.passed ? 'passed' : 'failed';
}

const WORST: readonly Outcome[] = ['waiting', 'error', 'failed', 'skipped', 'unchecked', 'passed'];

/** Of several calls of one case the one that counts: a case passes only when every repeat does. */
export function worst(results: readonly Pick<ResultOut, 'state' | 'passed'>[]): Outcome {
  const found = new Set(results.map(outcomeOf));
  return WORST.find((outcome) => found.has(outcome)) ?? 'waiting';
}

export interface CaseRow {
  readonly suite: string;
  readonly name: string;
  /** The name, or its place in the suite where the case has none of its own. */
  readonly label: string;
  /** By target, its calls in order of the repeats. */
  readonly cells: ReadonlyMap<string, readonly ResultOut[]>;
}

export function keyOf(suite: string, name: string): string {
  return `${suite}\n${name}`;
}

/** A suite's name; the prompt's own test data is one too. */
export function suiteName(name: string): string {
  return name === 'testData' ? strings.runs.ownTestData : name;
}

/** A case without a name is known by a digest of its values, which says nothing to people. */
const UNNAMED = /^inputs:[0-9a-f]{8,}/;

/** One row a case, in the order of the plan. */
export function rowsOf(results: readonly ResultOut[]): readonly CaseRow[] {
  const counts = new Map<string, number>();
  const rows = new Map<string, { suite: string; name: string; label: string; cells: Map<string, ResultOut[]> }>();
  for (const result of results) {
    const key = keyOf(result.suite, result.case);
    let row = rows.get(key);
    if (row === undefined) {
      const at = (counts.get(result.suite) ?? 0) + 1;
      counts.set(result.suite, at);
      row = { suite: result.suite, name: result.case, label: UNNAMED.test(result.case) ? strings.runs.caseNumber(at) : result.case, cells: new Map<string, ResultOut[]>() };
      rows.set(key, row);
    }
    row.cells.set(result.target, [...(row.cells.get(result.target) ?? []), result]);
  }
  return [...rows.values()];
}

/** Required checks that some answer did not pass, by name. */
export function failedChecks(results: readonly Pick<ResultOut, 'scores'>[]): readonly string[] {
  return [...new Set(results.flatMap(({ scores }) => scores.filter((score) => score.required && score.passed !== true).map(({ check }) => check)))];
}

export type Change = 'better' | 'worse' | 'same' | 'added' | 'removed';

export interface Compared {
  readonly suite: string;
  readonly name: string;
  readonly label: string;
  readonly target: string;
  readonly before: readonly ResultOut[];
  readonly after: readonly ResultOut[];
  readonly change: Change;
}

/** Every case and target of two runs, `before` the earlier one. What is not answered yet says nothing and is left out. */
export function compare(before: readonly ResultOut[], after: readonly ResultOut[]): readonly Compared[] {
  const cells = new Map<string, { suite: string; name: string; target: string; before: ResultOut[]; after: ResultOut[] }>();
  for (const [side, results] of [['before', before], ['after', after]] as const) {
    for (const result of results) {
      const key = `${keyOf(result.suite, result.case)}\n${result.target}`;
      const cell = cells.get(key) ?? { suite: result.suite, name: result.case, target: result.target, before: [], after: [] };
      cells.set(key, cell);
      cell[side].push(result);
    }
  }
  const answered = [...cells.values()].filter((cell) => ![...cell.before, ...cell.after].some((result) => outcomeOf(result) === 'waiting'));
  const labels = new Map(rowsOf([...after, ...before]).map((row) => [keyOf(row.suite, row.name), row.label]));
  return answered.map((cell) => ({ ...cell, label: labels.get(keyOf(cell.suite, cell.name)) ?? cell.name, change: changeOf(cell.before, cell.after) }));
}

const RANK: Readonly<Record<Outcome, number>> = { passed: 3, unchecked: 2, failed: 1, error: 0, skipped: 0, waiting: 0 };

function changeOf(before: readonly ResultOut[], after: readonly ResultOut[]): Change {
  if (before.length === 0) return 'added';
  if (after.length === 0) return 'removed';
  const difference = RANK[worst(after)] - RANK[worst(before)];
  return difference > 0 ? 'better' : difference < 0 ? 'worse' : 'same';
}

/** The text of a stored reply; empty where it has none. */
export function textOf(reply: Readonly<Record<string, unknown>> | null | undefined): string {
  const text = reply?.text;
  return typeof text === 'string' ? text : '';
}
