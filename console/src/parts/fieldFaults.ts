/** Which field of a form a refusal is about, so that it stands at the field that caused it. */
import { ProblemError, type ProblemDocument } from '@/api/problem';

export interface FieldFaults {
  /** What is wrong, by field. */
  readonly at: Readonly<Record<string, string | undefined>>;
  /** The refusal itself where no field is to blame; else null. */
  readonly rest: unknown;
}

/** A refused place as a field: `body.name` and `rules.windows.open.0.zone` say where in what was sent. */
function place(key: unknown): string {
  return typeof key === 'string' ? key.replace(/^body\./, '') : '';
}

/** What was wrong, and what to do about it unless that is said for the command line. */
function told({ detail, remedy }: ProblemDocument): string {
  return remedy === undefined || remedy.includes('`') ? detail : `${detail} ${remedy}`;
}

/** `fields`: what the form has, longest match first; `byKind`: the field that a kind of refusal is about (`name-taken`). */
export function fieldFaults(fault: unknown, fields: readonly string[], byKind: Readonly<Record<string, string>> = {}): FieldFaults {
  if (!(fault instanceof ProblemError)) return { at: {}, rest: fault };
  const at: Record<string, string> = {};
  const errors = fault.problem.errors ?? [];
  let placed = 0;
  for (const wrong of errors) {
    const where = place(wrong.key);
    const field = fields.find((one) => where === one || where.startsWith(`${one}.`));
    if (field === undefined) continue;
    placed += 1;
    const text = plainly(wrong.message ?? wrong.detail ?? '');
    at[field] = at[field] === undefined ? text : `${at[field]} ${text}`;
  }
  if (placed > 0 && placed === errors.length) return { at, rest: null };
  const field = errors.length === 0 ? byKind[fault.problem.type.split(':').at(-1) ?? ''] : undefined;
  return field === undefined ? { at, rest: fault } : { at: { [field]: told(fault.problem) }, rest: null };
}

/** What a check of a type says, as a sentence to whoever typed. A text that is checked for its characters too is called a `Value`. */
export function plainly(message: string): string {
  const text = message
    .replace(/^(Value error|Assertion failed), /, '')
    .replace(/^(?:String|Value|Tuple|List) should have at (least|most) (\d+) (?:characters?|items?).*$/, (_, which: string, count: string) =>
      (/^(String|Value)/.test(message) ? `Write at ${which} ${count} ${count === '1' ? 'character' : 'characters'}` : `Name at ${which} ${count}`))
    .replace(/^Input should be greater than or equal to (.+)$/, 'It is at least $1')
    .replace(/^Input should be less than or equal to (.+)$/, 'It is at most $1')
    .replace(/^Field required$/, 'This is needed');
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) || sentence === '' ? sentence : `${sentence}.`;
}
