/** A thread: its comments with suggestions, replies, settled or open. */
import { ActionIcon, Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCircleCheck, IconLink } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { CommentOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Person } from '@/parts/Person';
import { Prose } from '@/parts/Prose';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { CommentForm } from './CommentForm';
import type { Thread } from './threads';
import type { useReviewActions } from './useReview';
import classes from './reviews.module.css';

const words = strings.reviews;

export interface ThreadViewProps {
  readonly project: string;
  readonly path: string;
  readonly number: number;
  readonly thread: Thread;
  /** The line the thread is about, as the version has it. */
  readonly line?: string;
  readonly actions: ReturnType<typeof useReviewActions>;
  /** The comment the address points at. */
  readonly pointed: string | undefined;
}

export function ThreadView({ project, path, number, thread, line, actions, pointed }: ThreadViewProps) {
  const here = thread.comments.some((comment) => comment.id === pointed);
  const [opened, open] = useState(here);
  const [replying, reply] = useState(false);
  if (thread.resolved && !opened) {
    return (
      <button type="button" className={classes.folded} onClick={() => open(true)}>
        <IconCircleCheck size={15} className={classes.done} aria-hidden />{words.showResolved(thread.comments.length)}
      </button>
    );
  }
  const first = thread.comments[0];
  return (
    <article className={classes.thread}>
      {thread.comments.map((comment) => <CommentView key={comment.id} project={project} path={path} number={number} comment={comment} line={line} actions={actions} pointed={comment.id === pointed} />)}
      <div className={classes.threadFoot}>
        {replying && first ? (
          <div style={{ flex: '1 1 100%' }}>
            <CommentForm
              label={words.reply} focus button={words.reply} onCancel={() => reply(false)}
              onSend={async (body) => {
                await actions.say.mutateAsync({ ...body, reply_to: first.id });
                reply(false);
              }}
            />
          </div>
        ) : <Button size="compact-sm" variant="default" onClick={() => reply(true)}>{words.reply}</Button>}
        {!replying && first && (
          <Button size="compact-sm" variant="subtle" loading={actions.resolve.isPending} leftSection={thread.resolved ? undefined : <IconCheck size={14} aria-hidden />} onClick={() => actions.resolve.mutate({ comment: first.id, resolved: !thread.resolved })}>
            {thread.resolved ? words.reopen : words.resolve}
          </Button>
        )}
        <Refusal fault={actions.resolve.variables?.comment === first?.id ? actions.resolve.error : null} />
      </div>
    </article>
  );
}

function CommentView({ project, path, number, comment, line, actions, pointed }: Omit<ThreadViewProps, 'thread' | 'pointed'> & { readonly comment: CommentOut; readonly pointed: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (pointed) place.current?.scrollIntoView({ block: 'center' });
  }, [pointed]);
  const mine = actions.apply.variables === comment.id;
  return (
    <div ref={place} id={`comment-${comment.id}`} className={classes.comment} data-pointed={pointed}>
      <div className={classes.by} style={{ marginBottom: 4 }}>
        <strong><Person name={comment.by} /></strong> <Time at={comment.at} />
        <CopyButton value={window.location.origin + links.review(project, number, { comment: comment.id })}>
          {({ copied, copy }) => (
            <ActionIcon size="xs" variant="subtle" color="gray" onClick={copy} aria-label={copied ? strings.common.copied : words.copyLink}>{copied ? <IconCheck size={13} /> : <IconLink size={13} />}</ActionIcon>
          )}
        </CopyButton>
      </div>
      {comment.body !== '' && <Prose>{comment.body}</Prose>}
      {comment.suggestion !== null && (
        <div className={classes.suggestion}>
          <header>{words.suggested}</header>
          {line !== undefined && <pre className={classes.was}>− {line.trim()}</pre>}
          <pre className={classes.would}>+ {comment.suggestion.trim()}</pre>
          <footer>
            {mine && actions.apply.data ? (
              <span>{words.applied(actions.apply.data.version)} <AppLink href={links.prompt(project, path, { v: actions.apply.data.version })}>{words.openVersion(actions.apply.data.version)}</AppLink></span>
            ) : <Button size="compact-sm" variant="light" loading={mine && actions.apply.isPending} onClick={() => actions.apply.mutate(comment.id)}>{words.apply}</Button>}
            <Refusal fault={mine ? actions.apply.error : null} />
          </footer>
        </div>
      )}
    </div>
  );
}
