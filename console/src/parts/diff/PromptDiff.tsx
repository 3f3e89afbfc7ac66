/** What changed between two contents of a prompt; the same component in history, review, publish and merge. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { contentQuery } from './content';
import { DiffView } from './DiffView';
import classes from './diff.module.css';

const words = strings.diff;

/** A line of one side; `side` tells whether of the old or the new content. Lines are those of the prompt file, from 1. */
export interface DiffLine {
  readonly side: 'before' | 'after';
  readonly line: number;
}

export interface PromptDiffProps {
  readonly project: string;
  readonly path: string;
  /** Versions (`7`) or environments (`production`); null: there was nothing before. */
  readonly from: string | number | null;
  readonly to: string | number;
  /** What stands under a line, such as a thread of comments. */
  readonly under?: (at: DiffLine) => ReactNode;
  /** Lines can be chosen (a comment is begun on them). */
  readonly onLine?: (at: DiffLine) => void;
}

export function PromptDiff({ project, path, from, to, under, onLine }: PromptDiffProps) {
  const diff = useQuery({
    queryKey: projectKey(project, 'versions', path, 'diff', from, to),
    enabled: from !== null,
    placeholderData: undefined,
    queryFn: () =>
      data(api.GET('/api/v1/projects/{project}/diff/{path}', { params: { path: { project, path }, query: { from: String(from), to: String(to) } } })),
  });
  const before = useQuery({ ...contentQuery(project, path, from ?? ''), enabled: from !== null });
  const after = useQuery(contentQuery(project, path, to));
  const fault = diff.error ?? before.error ?? after.error;
  if (fault) return <Refusal fault={fault} onRetry={() => void Promise.all([diff.refetch(), before.refetch(), after.refetch()])} />;
  if (!after.data || (from !== null && (!before.data || !diff.data))) return <Waiting lines={8} />;
  const old = from === null ? null : (before.data?.content ?? null);
  const same = old === after.data.content;
  if (same && under === undefined) return <Empty title={words.nothing}>{words.nothingMore}</Empty>;
  return (
    <div>
      <div className={classes.summary}>
        {from === null && <Chip>{words.all}</Chip>}
        {same && <Chip>{words.nothing}</Chip>}
        {diff.data && !same && (
          <>
            {diff.data.behaviour_changed === true && <Chip tone="warn" title={words.behaviourTitle}>{words.behaviour}</Chip>}
            {diff.data.behaviour_changed === false && <Chip tone="good" title={words.sameBehaviourTitle}>{words.sameBehaviour}</Chip>}
            {diff.data.classes && diff.data.classes.length > 0 && <span>{diff.data.classes.map((name) => words.classes[name]).join(', ')}</span>}
          </>
        )}
      </div>
      <DiffView before={old} after={after.data.content} label={words.table(path)} under={under} onLine={onLine} />
    </div>
  );
}
