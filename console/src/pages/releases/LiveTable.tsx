/** Prompts live in an environment, windowed; each row has its ways to publish the newest, go back, or stop. */
import { ActionIcon, Menu, VisuallyHidden } from '@mantine/core';
import { IconArrowBackUp, IconBan, IconDots, IconRocket } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { EnvironmentAt } from '@/api/releases';
import { links, withSheet } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { ReleaseChip, StateChip, VersionChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { useGo, useHref } from '@/parts/navigate';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import type { Drift } from './drift';
import classes from './releases.module.css';

const words = strings.releases;
type Live = EnvironmentAt['items'][number];

export interface LiveTableProps {
  readonly project: string;
  readonly environment: string;
  readonly items: readonly Live[];
  readonly drift: (path: string, version: number) => Drift;
  readonly past: boolean;
  /** The end of what is loaded came into sight. */
  readonly onEnd: () => void;
}

export function LiveTable({ project, environment, items, drift, past, onEnd }: LiveTableProps) {
  const box = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => box.current, estimateSize: () => 40, overscan: 12 });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - 30) onEnd();
  }, [last, items.length, onEnd]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} className={classes.table} role="table" aria-label={words.tabs.live} aria-rowcount={items.length} tabIndex={0}>
      <div className={`${classes.grid} ${classes.gridHead}`} role="row">
        {[words.prompt, words.version, words.release, words.since, words.by, words.drift].map((name) => <span key={name} role="columnheader">{name}</span>)}
        <span role="columnheader"><VisuallyHidden>{words.what}</VisuallyHidden></span>
      </div>
      <div role="rowgroup" className={classes.gridRows} style={{ height: rows.getTotalSize() }}>
        {shown.map(({ key, index, start }) => {
          const item = items[index];
          return item && (
            <div key={key} role="row" aria-rowindex={index + 1} className={`${classes.grid} ${classes.gridRow}`} style={{ transform: `translateY(${start}px)` }}>
              <Cells project={project} environment={environment} item={item} drift={drift(item.path, item.version)} past={past} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface CellsProps {
  readonly project: string;
  readonly environment: string;
  readonly item: Live;
  readonly drift: Drift;
  readonly past: boolean;
}

function Cells({ project, environment, item, drift, past }: CellsProps) {
  const { path, version, release, since, actor, state, reason } = item;
  return (
    <>
      <span role="cell" title={path}><AppLink href={links.prompt(project, path)}>{path}</AppLink></span>
      <span role="cell" title={reason || undefined}>{state === 'suspended' ? <StateChip state="suspended" /> : <VersionChip project={project} path={path} version={version} />}</span>
      <span role="cell"><ReleaseChip project={project} environment={environment} number={release} /></span>
      <span role="cell" className={classes.soft}><Time at={since} /></span>
      <span role="cell"><Person name={actor} /></span>
      <span role="cell"><DriftOf project={project} environment={environment} path={path} version={version} drift={drift} past={past} /></span>
      <span role="cell" style={{ padding: 4, textAlign: 'center' }}>{!past && <RowMenu environment={environment} path={path} suspended={state === 'suspended'} />}</span>
    </>
  );
}

function DriftOf({ project, environment, path, version, drift, past }: Omit<CellsProps, 'item'> & { readonly path: string; readonly version: number }) {
  if (drift.kind === 'newer') return <AppLink href={links.diff(project, path, past ? version : environment, drift.version)}>{words.driftNewer(drift.version)}</AppLink>;
  return <span className={classes.soft}>{drift.kind === 'same' ? words.driftSame : drift.kind === 'gone' ? words.driftGone : words.driftUnknown}</span>;
}

function RowMenu({ environment, path, suspended }: { readonly environment: string; readonly path: string; readonly suspended: boolean }) {
  const go = useGo();
  const here = useHref();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={`${words.what}: ${path}`}><IconDots size={16} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconRocket size={16} />} onClick={() => go(withSheet(here, { sheet: 'publish', prompts: path, to: environment }))}>{words.publish}</Menu.Item>
        <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={() => go(withSheet(here, { sheet: 'rollback', prompts: path, in: environment }))}>{words.rollback}</Menu.Item>
        {!suspended && <Menu.Item color="red" leftSection={<IconBan size={16} />} onClick={() => go(withSheet(here, { sheet: 'suspend', prompts: path, in: environment }))}>{words.suspend}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
