/** What changed between two contents of a prompt; the same component in history, review, publish and merge. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';

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

export function PromptDiff({ project, path, from, to }: PromptDiffProps) {
  const diff = useQuery({
    queryKey: projectKey(project, 'versions', path, 'diff', from, to),
    queryFn: () =>
      data(api.GET('/api/v1/projects/{project}/diff/{path}', {
        params: { path: { project, path }, query: { from: from === null ? undefined : String(from), to: String(to) } },
      })),
  });
  if (diff.error) return <Refusal fault={diff.error} />;
  if (!diff.data) return <Waiting />;
  return <pre>{JSON.stringify(diff.data, null, 1)}</pre>;
}
