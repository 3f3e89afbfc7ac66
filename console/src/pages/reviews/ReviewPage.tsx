/** One request: what and why, what is missing, the comparison with its threads, the talk, the decision. */
import { useParams } from '@tanstack/react-router';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { StateChip, TierChip, VersionChip } from '@/parts/Chip';
import { Page, Waiting } from '@/parts/Page';
import { Person } from '@/parts/Person';
import { Prose } from '@/parts/Prose';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { Changes } from './Changes';
import { Checklist } from './Checklist';
import { Conversation } from './Conversation';
import { DecisionBar } from './DecisionBar';
import { useComments, useRequest, useReviewActions, useStatus } from './useReview';
import classes from './reviews.module.css';

const words = strings.reviews;

export function ReviewPage() {
  const project = useProject();
  const number = Number(useParams({ strict: false }).number);
  const request = useRequest(project, number);
  const status = useStatus(project, request.data?.path, request.data?.version);
  const comments = useComments(project, number);
  const actions = useReviewActions(project, number);
  const asked = request.data;
  if (request.error && !asked) return <Page title={words.number(number)}><Refusal fault={request.error} onRetry={() => void request.refetch()} /></Page>;
  // Together: what comes after the first picture would push the comparison down under the eyes of whoever reads it.
  if (!asked || status.isPending || comments.isPending) return <Page title={words.number(number)}><Waiting lines={10} /></Page>;
  return (
    <Page
      title={<AppLink plain href={links.prompt(project, asked.path, { v: asked.version })}>{asked.path}</AppLink>}
      documentTitle={`${asked.path} ${words.number(number)}`}
      chips={<><VersionChip project={project} path={asked.path} version={asked.version} /><TierChip tier={asked.tier} /><StateChip state={asked.state} /><span className={classes.soft}>{words.number(number)}</span></>}
    >
      <div className={classes.top}>
        <section className={classes.card} aria-label={words.newMessage}>
          <div className={classes.by}><span><strong><Person name={asked.opened_by} /></strong> {words.openedBy}</span><Time at={asked.opened_at} /></div>
          {asked.message === '' ? <span className={classes.soft}>{words.noMessage}</span> : <Prose>{asked.message}</Prose>}
        </section>
        <Checklist request={asked} status={status.data} />
      </div>
      <Changes request={asked} comments={comments.data ?? []} actions={actions} />
      <Conversation request={asked} comments={comments.data ?? []} actions={actions} />
      <Refusal fault={comments.error} />
      <DecisionBar request={asked} actions={actions} />
    </Page>
  );
}
