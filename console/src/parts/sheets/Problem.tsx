/** Why a release was refused; where somebody released in between, what that was, and how to go on. */
import { Alert, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { isProblem } from '@/api/problem';
import { releaseQuery } from '@/api/releases';
import { ReleaseChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';

const words = strings.sheets;

export interface ProblemProps {
  readonly fault: unknown;
  readonly project: string;
  readonly environment: string;
  /** Look again at what it would come to. */
  readonly onAgain: () => void;
}

export function Problem({ fault, project, environment, onAgain }: ProblemProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fault) place.current?.scrollIntoView({ block: 'nearest' });
  }, [fault]);
  const head = headOf(fault);
  return (
    <div ref={place}>
      {head === null ? <Refusal fault={fault} /> : <Moved project={project} environment={environment} head={head} onAgain={onAgain} />}
    </div>
  );
}

/** The newest release, where a refusal says that it moved. */
export function headOf(fault: unknown): number | null {
  if (!isProblem(fault) || !fault.problem.type.endsWith(':head-moved')) return null;
  const current = fault.problem.current;
  if (typeof current !== 'object' || current === null || !('release' in current)) return null;
  return typeof current.release === 'number' ? current.release : null;
}

function Moved({ project, environment, head, onAgain }: { readonly project: string; readonly environment: string; readonly head: number; readonly onAgain: () => void }) {
  const release = useQuery({ ...releaseQuery(project, environment, head), enabled: head > 0 }).data;
  return (
    <Alert color="orange" title={words.movedMeanwhile(environment)} role="alert">
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center' }}>
        <ReleaseChip project={project} environment={environment} number={head} />
        {release && <span><Person name={release.actor} />: {release.reason}</span>}
        {release && <Time at={release.acknowledged_at} />}
      </div>
      <Button mt={10} size="xs" onClick={onAgain}>{words.lookAgain}</Button>
    </Alert>
  );
}
