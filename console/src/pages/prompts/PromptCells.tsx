/** What a line says of a prompt: where it is, its newest version, what is live in each environment, whose it is. */
import { VisuallyHidden } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconClock, IconFileText } from '@tabler/icons-react';
import type { PromptOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, StateChip } from '@/parts/Chip';
import { People } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { memo } from 'react';
import { drift } from './levels';
import classes from './prompts.module.css';

const words = strings.prompts;

export interface PromptCellsProps {
  readonly project: string;
  readonly prompt: PromptOut;
  /** The state of the newest version, where the list knows it. */
  readonly state?: string;
  readonly environments: readonly string[];
  readonly chosen: boolean;
  readonly onChoose: (path: string, version: number) => void;
  /** Only the last name of the path, as in the tree. */
  readonly short?: boolean;
}

/** Only a line that changed is drawn anew: choosing one leaves the others alone. */
export const PromptCells = memo(function PromptCells({ project, prompt, state, environments, chosen, onChoose, short }: PromptCellsProps) {
  const { path, version, owners } = prompt;
  const name = short ? path.slice(path.lastIndexOf('/') + 1) : path;
  // In a grid each part is a cell; in the tree the line is one thing.
  const cell = short ? undefined : 'gridcell';
  const suspended = prompt.states.includes('suspended');
  return (
    <>
      <div role={cell} className={classes.name}>
        <input type="checkbox" className={classes.box} tabIndex={-1} aria-label={words.bulk.choose(path)} checked={chosen} onChange={() => onChoose(path, version)} />
        <IconFileText size={16} stroke={1.6} aria-hidden />
        <AppLink plain tabIndex={-1} href={links.prompt(project, path)} className={classes.title} title={prompt.name && prompt.name !== name ? `${path} – ${prompt.name}` : path}>{name}</AppLink>
        {prompt.name && prompt.name !== name && <span className={classes.also}>{prompt.name}</span>}
        {!prompt.valid && <Chip tone="bad" icon={IconAlertTriangle}>{words.cannot}</Chip>}
        {suspended && <Chip tone="bad" icon={IconBan}>{words.states['suspended']}</Chip>}
        {prompt.archived_at !== null && <StateChip state="archived" />}
      </div>
      <div role={cell} className={classes.cell}>v{version}{state && state !== 'published' && <span className={classes.roomy}><StateChip state={state} /></span>}</div>
      {environments.map((environment) => <Live key={environment} project={project} prompt={prompt} environment={environment} cell={cell} />)}
      <div role={cell} className={`${classes.cell} ${classes.owners}`} ><People names={owners} /></div>
      <div role={cell} className={`${classes.cell} ${classes.changed}`}><Time at={prompt.updated_at} /></div>
    </>
  );
});

function Live({ project, prompt, environment, cell }: { readonly cell: 'gridcell' | undefined; readonly project: string; readonly prompt: PromptOut; readonly environment: string }) {
  const live = drift(prompt, environment);
  if (!live) return <div role={cell} className={`${classes.cell} ${classes.place}`} data-name={environment} title={words.notLive}><span aria-hidden>–</span><VisuallyHidden>{words.notLive}</VisuallyHidden></div>;
  return (
    <div role={cell} className={`${classes.cell} ${classes.place}`} data-name={environment}>
      <span data-behind={live.behind || undefined}>v{live.version}</span>
      {live.behind > 0 && <span className={classes.roomy}><Chip tone="warn" icon={IconClock} href={links.diff(project, prompt.path, environment, prompt.version)}>{words.behind(live.behind)}</Chip></span>}
    </div>
  );
}
