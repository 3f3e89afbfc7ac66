/** Problems by line and column as underlined places of the text. Pure. */
import type { SuiteOut } from '@/api/schema';

export interface Underlined {
  readonly from: number;
  readonly to: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** Lines and columns count from 1; a place outside the text (which went on meanwhile) is brought inside. */
export function diagnosticsOf(text: string, problems: SuiteOut['problems']): Underlined[] {
  const lines = text.split('\n');
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length + 1;
  }
  return problems.map((problem) => {
    const row = Math.max(0, Math.min(lines.length - 1, problem.line - 1));
    const line = lines[row] ?? '';
    const start = starts[row] ?? 0;
    const from = start + Math.max(0, Math.min(line.length, problem.column - 1));
    const end = start + line.trimEnd().length;
    return { from: Math.min(from, end), to: Math.max(end, Math.min(from, end)), severity: problem.severity === 'error' ? 'error' : 'warning', message: problem.fix ? `${problem.message} (${problem.fix})` : problem.message };
  });
}
