/** The verdict of a prompt on a model: a shape that can be told apart without colour, with its word. */
import { strings } from '@/strings';
import classes from './Verdict.module.css';

export const VERDICTS = ['works', 'needs_tuning', 'fails', 'out_of_date', 'untested'] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** The shape alone: filled circle, half circle, cross, dashed circle, empty circle. Decorative; say the word beside or around it. */
export function VerdictMark({ verdict, size = 18 }: { readonly verdict: VerdictName; readonly size?: number }) {
  return (
    <svg className={classes[verdict]} width={size} height={size} viewBox="0 0 20 20" aria-hidden focusable="false">
      {verdict === 'works' && <circle cx="10" cy="10" r="8" fill="currentColor" />}
      {verdict === 'needs_tuning' && <><circle cx="10" cy="10" r="7.2" fill="none" stroke="currentColor" strokeWidth="1.7" /><path d="M10 2.8a7.2 7.2 0 0 0 0 14.4z" fill="currentColor" /></>}
      {verdict === 'fails' && <path d="M4 4l12 12M16 4L4 16" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />}
      {verdict === 'out_of_date' && <circle cx="10" cy="10" r="7.2" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3.2 2.45" />}
      {verdict === 'untested' && <circle cx="10" cy="10" r="7.2" fill="none" stroke="currentColor" strokeWidth="1.2" opacity="0.55" />}
    </svg>
  );
}

/** Shape and word. */
export function Verdict({ verdict }: { readonly verdict: VerdictName }) {
  return <span className={classes.verdict}><VerdictMark verdict={verdict} size={16} />{strings.testing.verdicts[verdict]}</span>;
}
