/** What is wrong with a suite's file, or worth a look, each with its line. */
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { SuiteOut } from '@/api/schema';
import { strings } from '@/strings';
import classes from './suites.module.css';

type Problem = SuiteOut['problems'][number];

export function Problems({ problems, onGo }: { readonly problems: readonly Problem[]; readonly onGo?: (problem: Problem) => void }) {
  if (problems.length === 0) return null;
  return (
    <ul style={{ listStyle: 'none', padding: 0, margin: '12px 0' }} aria-label={strings.suites.problems(problems.length)}>
      {problems.map((problem) => {
        const said = `${strings.suites.line(problem.line)}${problem.key ? `, ${problem.key}` : ''}: ${problem.message}${problem.fix ? ` (${problem.fix})` : ''}`;
        const Mark = problem.severity === 'error' ? IconAlertTriangle : IconInfoCircle;
        const inside = <><Mark size={17} className={classes[problem.severity]} aria-label={problem.severity} />{said}</>;
        return (
          <li key={`${problem.line}:${problem.column}:${problem.code}`}>
            {onGo ? <button type="button" className={classes.problem} onClick={() => onGo(problem)}>{inside}</button> : <span className={classes.problem} style={{ cursor: 'default' }}>{inside}</span>}
          </li>
        );
      })}
    </ul>
  );
}
