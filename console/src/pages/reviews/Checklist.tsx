/** What is there and what is missing before the content can go live, as the server says it. */
import { IconCircleCheckFilled, IconCircleDashed } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { RequestOut, StatusOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { PersonChip } from '@/parts/Chip';
import { People } from '@/parts/Person';
import { strings } from '@/strings';
import classes from './reviews.module.css';

const words = strings.reviews;
const STEPS = ['review', 'validate', 'approve'] as const;

function Check({ done, label, children }: { readonly done: boolean; readonly label: string; readonly children?: ReactNode }) {
  return (
    <li className={classes.check}>
      {done ? <IconCircleCheckFilled size={18} className={classes.done} aria-hidden /> : <IconCircleDashed size={18} className={classes.open} aria-hidden />}
      <span>{label}</span>
      {children && <small>{children}</small>}
    </li>
  );
}

export function Checklist({ request, status }: { readonly request: RequestOut; readonly status: StatusOut | undefined }) {
  const counted = request.decisions.filter((decision) => decision.counts);
  return (
    <section className={`${classes.card} ${classes.checklist}`} aria-labelledby="checklist">
      <div>
        <h2 id="checklist">{words.checklist}</h2>
        <ul style={{ listStyle: 'none', margin: 0, padding: 0 }}>
          {status && (
            <Check done={status.complete} label={words.steps.record}>
              {!status.complete && <>{words.recordGaps(status.gaps.length)} · <AppLink href={links.prompt(request.project, request.path, { tab: 'record' })}>{words.openRecord}</AppLink></>}
            </Check>
          )}
          {STEPS.map((step) => {
            const missing = request.missing.find((one) => one.step === step);
            const given = counted.filter((decision) => decision.decision === step);
            if (!missing && given.length === 0) return null;
            return (
              <Check key={step} done={!missing} label={words.steps[step]}>
                <People names={given.map((decision) => decision.by)} />
                {given.length > 0 && missing && ' · '}
                {missing && words.stillNeeded(missing.count, missing.from_risk)}
              </Check>
            );
          })}
          {status && status.unmapped_authors.length > 0 && <Check done={false} label={words.steps.authors}>{status.unmapped_authors.join(', ')}</Check>}
          <Check done={request.newest === request.version} label={words.steps.newest}>
            {request.newest !== request.version && <>{words.newerVersion(request.newest)} <AppLink href={links.prompt(request.project, request.path, { v: request.newest })}>{words.openVersion(request.newest)}</AppLink></>}
          </Check>
        </ul>
      </div>
      <div>
        <h2>{words.asked}</h2>
        <div className={classes.facts}>{request.asked.length === 0 ? <span className={classes.soft}>{words.nobodyAsked}</span> : request.asked.map((name) => <PersonChip key={name} name={name} />)}</div>
        <h2>{words.authors}</h2>
        <div className={classes.facts} style={{ marginBottom: 0 }}>{request.authors.map((name) => <PersonChip key={name} name={name} />)}</div>
      </div>
    </section>
  );
}
