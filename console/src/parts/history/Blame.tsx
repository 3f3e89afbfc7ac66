/** Each line with the version that wrote it. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { BlameOut } from '@/api/schema';
import { VersionChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { LazyPart } from '@/parts/diff/LazyPart';
import { inParts } from '@/parts/diff/sections';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './history.module.css';

const words = strings.history.panel;
const PART = 80;

export function Blame({ project, path }: { readonly project: string; readonly path: string }) {
  const blame = useQuery({ queryKey: projectKey(project, 'versions', path, 'blame'), placeholderData: undefined, queryFn: () => data(api.GET('/api/v1/projects/{project}/blame/{path}', { params: { path: { project, path } } })) });
  const parts = useMemo(() => inParts(blame.data?.lines ?? [], PART), [blame.data]);
  if (blame.error) return <Refusal fault={blame.error} onRetry={() => void blame.refetch()} />;
  if (!blame.data) return <Waiting lines={10} />;
  const { lines, versions } = blame.data;
  return (
    <>
      {!blame.data.complete && <p className={classes.soft}>{words.walked}</p>}
      <div className={classes.blame} role="table" aria-label={words.blameLabel}>
        {parts.map((part, at) => (
          <LazyPart key={at} height={part.length * 20} eager={at === 0}>
            {() => part.map((line) => <Line key={line.line} project={project} line={line} first={line.line === 1 || lines[line.line - 2]?.address !== line.address} origin={line.address === null ? undefined : versions[line.address]} />)}
          </LazyPart>
        ))}
      </div>
    </>
  );
}

function Line({ project, line, first, origin }: { readonly project: string; readonly line: BlameOut['lines'][number]; readonly first: boolean; readonly origin: BlameOut['versions'][string] | undefined }) {
  return (
    <div className={classes.line} data-first={first} role="row">
      <div className={classes.origin} role="cell" title={origin?.message}>
        {first && origin && <><VersionChip project={project} path={origin.path} version={origin.version} /> <span className={classes.who}><Person name={origin.author} /></span> <span className={classes.soft}><Time at={origin.created_at} /></span></>}
      </div>
      <div className={classes.number} role="cell">{line.line}</div>
      <div className={classes.code} role="cell">{line.text === '' ? '\u00a0' : line.text}</div>
    </div>
  );
}
