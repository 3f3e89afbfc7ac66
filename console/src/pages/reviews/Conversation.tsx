/** What was said and decided about the whole request, oldest first, and a place to say more. */
import { Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconBan, IconCheck, IconPencil, IconRosetteDiscountCheck, IconX, type Icon } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { RequestOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { useAddressQuery } from '@/parts/navigate';
import { Prose } from '@/parts/Prose';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import type { ChangesProps } from './Changes';
import { CommentForm } from './CommentForm';
import { ThreadView } from './ThreadView';
import { conversation, threadsOf } from './threads';
import classes from './reviews.module.css';

const words = strings.reviews;
const ICONS: Readonly<Record<string, Icon>> = { review: IconCheck, validate: IconCheck, approve: IconCheck, request_changes: IconPencil, reject: IconX, withdraw: IconArrowBackUp, revoke: IconBan };

export function Conversation({ request, comments, actions }: ChangesProps) {
  const [{ comment: pointed }] = useAddressQuery();
  const said = useMemo(() => conversation(threadsOf(comments), request.decisions), [comments, request.decisions]);
  return (
    <section className={classes.talk} aria-labelledby="talk">
      <h2 id="talk" className={classes.heading} style={{ fontSize: 17 }}>{words.conversation}</h2>
      {said.map((one) =>
        one.kind === 'decision' ? <Decision key={`${one.at} ${one.decision.by}`} decision={one.decision} /> : (
          <div key={one.thread.id} style={{ margin: '8px 0' }}>
            <ThreadView project={request.project} path={request.path} number={request.request} thread={one.thread} actions={actions} pointed={pointed} />
          </div>
        ))}
      <div style={{ marginTop: 12 }}>
        <CommentForm label={words.addComment} onSend={(body) => actions.say.mutateAsync(body)} />
      </div>
    </section>
  );
}

function Decision({ decision }: { readonly decision: RequestOut['decisions'][number] }) {
  const Mark = ICONS[decision.decision] ?? IconCheck;
  const good = ['review', 'validate', 'approve'].includes(decision.decision);
  const what = (words.decisions as Readonly<Record<string, string>>)[decision.decision] ?? decision.decision;
  return (
    <div className={classes.event} id={`decision-${decision.at}`}>
      <Mark size={17} className={good ? classes.done : classes.open} aria-hidden />
      <strong><Person name={decision.by} /></strong> {what} <span className={classes.soft}>({decision.role})</span> <Time at={decision.at} />
      {decision.signature && (
        <Tooltip label={words.signedTitle(decision.signature.meaning, decision.signature.signed_at, decision.signature.payload_hash)}><span><Chip tone="good" icon={IconRosetteDiscountCheck}>{words.signed}</Chip></span></Tooltip>
      )}
      {!decision.counts && good && <Chip tone="idle">{words.notCounted}</Chip>}
      {decision.reason !== '' && <blockquote><Prose>{decision.reason}</Prose></blockquote>}
      {decision.conditions !== '' && <blockquote>{words.conditions}: {decision.conditions}</blockquote>}
    </div>
  );
}
