/** Two environments, or an environment and the newest versions, of a whole project: what would publishing change? */
import { ActionIcon, Button, Checkbox, Select, Tooltip } from '@mantine/core';
import { IconArrowsLeftRight, IconChevronDown, IconChevronRight, IconEqual, IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { CompareOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { links, withSheet } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { PromptDiff } from '@/parts/diff/PromptDiff';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo, useHref } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { publishable, sidesOf, type Compared } from './compare';
import classes from './history.module.css';

const words = strings.history.compare;

export function ComparePage() {
  const project = useProject();
  const go = useGo();
  const href = useHref();
  const [{ from: wantedFrom, to: wantedTo, all }, set] = useAddressQuery();
  const [flipped, flip] = useState<ReadonlySet<string>>(new Set());
  const environments = useQuery({ queryKey: projectKey(project, 'environments', 'names'), queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })) });
  const names = (environments.data?.items ?? []).map(({ name }) => name);
  const { from, to } = sidesOf(wantedFrom, wantedTo, names);
  const ready = from !== undefined && to !== undefined;
  const [counts, setCounts] = useState<CompareOut['counts']>(null);
  const compared = usePages(
    projectKey(project, 'compare', from, to, all),
    async (cursor) => {
      const page = await data(api.GET('/api/v1/projects/{project}/compare', { params: { path: { project }, query: { from: to ?? '', to: from ?? '', cursor, limit: 100, same: all === '1' ? true : undefined } } }));
      if (page.counts !== null) setCounts(page.counts);
      return page;
    },
    ready,
  );
  const can = useCan('release:publish', project, to === 'main' ? undefined : to);
  const options = [{ value: 'main', label: words.newest }, ...names.map((name) => ({ value: name, label: name }))];
  const nameOf = (side: string | undefined): string => (side === 'main' ? words.newest.toLowerCase() : (side ?? ''));
  // What is suspended there is published only where somebody chooses it.
  const picks = publishable(compared.items ?? []).filter(({ path, suspended }) => flipped.has(path) === suspended);
  const publish = (): void => go(withSheet(href, { sheet: 'publish', prompts: picks.map(({ path, version }) => `${path}@${version}`).join(','), to }));
  return (
    <Page
      title={words.title}
      actions={to !== undefined && to !== 'main' && picks.length > 0 && (
        <Tooltip label={`${can?.reason ?? ''} ${can?.remedy ?? ''}`} disabled={can?.allowed !== false} events={{ hover: true, focus: true, touch: true }}>
          <Button leftSection={<IconRocket size={16} aria-hidden />} data-disabled={can?.allowed === false || undefined} aria-disabled={can?.allowed === false} onClick={() => can?.allowed !== false && publish()}>{words.publish(picks.length, to)}</Button>
        </Tooltip>
      )}
    >
      <div className={classes.sides}>
        <Select className={classes.side} label={words.from} data={options} value={from ?? null} allowDeselect={false} onChange={(value) => set({ from: value ?? undefined, to })} />
        <Tooltip label={strings.history.swap}><ActionIcon variant="default" size={34} aria-label={strings.history.swap} disabled={!ready} onClick={() => set({ from: to, to: from })}><IconArrowsLeftRight size={16} /></ActionIcon></Tooltip>
        <Select className={classes.side} label={words.to} data={options} value={to ?? null} allowDeselect={false} onChange={(value) => set({ to: value ?? undefined, from })} />
      </div>
      {!ready && environments.data && <Empty title={words.chooseSides} />}
      {ready && <p className={classes.question}>{words.question(nameOf(to), nameOf(from))} {counts && <span className={classes.soft}>{words.counts(counts.version, counts.only_in_to, counts.same)}</span>}</p>}
      <Refusal fault={compared.error ?? environments.error} onRetry={() => void compared.refetch()} />
      {ready && compared.isPending && <Waiting lines={8} />}
      {ready && compared.items?.length === 0 && <Empty icon={IconEqual} title={words.same}>{words.sameMore}</Empty>}
      <ul className={classes.list}>
        {compared.items?.map((item) => (
          <Item
            key={item.path} project={project} item={item} to={to} chosen={picks.some(({ path }) => path === item.path)}
            onChoose={() => flip(new Set(flipped.has(item.path) ? [...flipped].filter((path) => path !== item.path) : [...flipped, item.path]))}
          />
        ))}
      </ul>
      <MorePages query={compared} />
    </Page>
  );
}

interface ItemProps {
  readonly project: string;
  readonly item: Compared;
  readonly to: string | undefined;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function Item({ project, item, to, chosen, onChoose }: ItemProps) {
  const [open, setOpen] = useState(false);
  // The server was asked from what is there (`from` of its answer) to what would come (`to`).
  const { path, from: there, to: comes } = item;
  const kind = item.kind === 'only_in_to' ? 'only_in_from' : item.kind === 'only_in_from' ? 'only_in_to' : item.kind;
  return (
    <li className={classes.item}>
      <div className={classes.itemHead}>
        {comes && to !== 'main' ? <Checkbox size="xs" aria-label={words.choose(path)} checked={chosen} disabled={item.kind === 'same'} onChange={onChoose} /> : <span />}
        <ActionIcon variant="subtle" color="gray" size="sm" aria-expanded={open} aria-label={words.show(path)} disabled={!comes} onClick={() => setOpen(!open)}>{open ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}</ActionIcon>
        <AppLink href={there && comes ? links.diff(project, path, there.version, comes.version) : links.prompt(project, path)} className={classes.path}>{path}</AppLink>
        <span className={classes.soft}>{there ? strings.common.version(there.version) : words.notThere} → {comes ? strings.common.version(comes.version) : words.notThere}</span>
        <span className={classes.itemChips}>
          {item.behaviour_changed === true && <Chip tone="warn">{words.behaviour}</Chip>}
          {item.behaviour_changed === false && item.record_changed === true && <Chip tone="good">{words.record}</Chip>}
          <Chip tone={kind === 'suspended' ? 'bad' : 'idle'}>{words.kinds[kind]}</Chip>
        </span>
        {item.classes && item.classes.length > 0 && <span className={classes.parts}>{item.classes.map((name) => strings.diff.classes[name]).join(', ')}</span>}
      </div>
      {open && comes && <div className={classes.itemBody}><PromptDiff project={project} path={path} from={there?.version ?? null} to={comes.version} /></div>}
    </li>
  );
}
