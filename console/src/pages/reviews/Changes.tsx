/** The comparison of a request, with the threads on its lines. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { projectKey } from '@/api/queries';
import type { CommentOut, RequestOut } from '@/api/schema';
import { contentQuery } from '@/parts/diff/content';
import { linesOf } from '@/parts/diff/lines';
import { PromptDiff, type DiffLine } from '@/parts/diff/PromptDiff';
import { versionsPage } from '@/parts/history/versions';
import { Waiting } from '@/parts/Page';
import { useAddressQuery } from '@/parts/navigate';
import { strings } from '@/strings';
import { CommentForm } from './CommentForm';
import { ThreadView } from './ThreadView';
import { baseOf, threadsOf } from './threads';
import type { useReviewActions } from './useReview';
import classes from './reviews.module.css';

const words = strings.reviews;

export interface ChangesProps {
  readonly request: RequestOut;
  readonly comments: readonly CommentOut[];
  readonly actions: ReturnType<typeof useReviewActions>;
}

export function Changes({ request, comments, actions }: ChangesProps) {
  const { project, path, version, request: number } = request;
  const [{ base, comment: pointed }, set] = useAddressQuery();
  const [writing, write] = useState<number | null>(null);
  const versions = useQuery({ queryKey: projectKey(project, 'versions', path, 'first'), queryFn: () => versionsPage(project, path, undefined) });
  const content = useQuery(contentQuery(project, path, version)).data?.content;
  const lines = useMemo(() => (content === undefined ? [] : linesOf(content)), [content]);
  const threads = useMemo(() => threadsOf(comments).filter((thread) => thread.line !== null), [comments]);
  if (!versions.data && !versions.error) return <div className={classes.coming}><Waiting lines={12} /></div>;
  const live = (versions.data?.items ?? []).flatMap((item) => item.live.map((environment) => ({ environment, version: item.version })));
  const from = base ?? baseOf(version, live);
  const options = [
    ...live.filter((place) => place.version !== version).map((place) => ({ value: String(place.version), label: words.liveIn(place.environment, place.version) })),
    ...(version > 1 ? [{ value: String(version - 1), label: words.versionBefore(version - 1) }] : []),
    { value: 'nothing', label: words.nothingBefore },
    ...(/^\d+$/.test(from) ? [{ value: from, label: `v${from}` }] : []),
  ].filter((option, at, all) => all.findIndex((other) => other.value === option.value) === at);
  const under = ({ side, line }: DiffLine) => {
    if (side !== 'after') return null;
    const here = threads.filter((thread) => thread.line === line);
    if (here.length === 0 && writing !== line) return null;
    return (
      <>
        {here.map((thread) => <ThreadView key={thread.id} project={project} path={path} number={number} thread={thread} line={lines[line - 1]} actions={actions} pointed={pointed} />)}
        {writing === line && (
          <CommentForm
            label={words.commentOn(line)} line={lines[line - 1] ?? ''} focus
            onCancel={() => {
              write(null);
              document.getElementById(`line-${line}`)?.focus();
            }}
            onSend={async (body) => {
              await actions.say.mutateAsync({ ...body, line });
              write(null);
            }}
          />
        )}
      </>
    );
  };
  const open = threads.filter((thread) => !thread.resolved).length;
  return (
    <section aria-labelledby="changes">
      <div className={classes.toolbar}>
        <div>
          <h2 id="changes">{words.changes}</h2>
          {open > 0 && <span className={classes.soft}>{words.threadsLeft(open)}</span>}
        </div>
        <Select aria-label={words.against} data={options} value={from} allowDeselect={false} w={260} onChange={(value) => set({ base: value ?? undefined })} leftSectionPointerEvents="none" />
      </div>
      <div className={classes.coming}><PromptDiff project={project} path={path} from={from === 'nothing' ? null : from} to={version} under={under} onLine={({ side, line }) => side === 'after' && write(line)} /></div>
    </section>
  );
}
