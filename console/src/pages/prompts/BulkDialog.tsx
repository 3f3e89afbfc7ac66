/** One change to many prompts: first what it would do to each, then the change, then what was left out and the way back. */
import { Button, Checkbox, Group, Modal, Spoiler, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { BulkOut } from '@/api/schema';
import { links } from '@/links';
import { PlaceField } from '@/parts/PlaceField';
import { Refusal } from '@/parts/Refusal';
import { tellResult } from '@/parts/results';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { isReady, operationOf, selectionOf, type BulkKind } from './bulk';
import type { Selection } from './selection';
import classes from './prompts.module.css';

const words = strings.prompts.bulk;
const SHOWN = 100;

export type { BulkKind } from './bulk';

export interface BulkDialogProps {
  readonly project: string;
  readonly kind: BulkKind;
  readonly selection: Selection;
  readonly values: Readonly<Record<string, string>>;
  readonly onClose: () => void;
}

export function BulkDialog({ project, kind, selection, values, onClose }: BulkDialogProps) {
  useFocusBack();
  const [names, setNames] = useState<string[]>([]);
  const [word, setWord] = useState('');
  const [message, setMessage] = useState('');
  const [skip, setSkip] = useState(false);
  const [plan, setPlan] = useState<BulkOut | null>(null);
  const [done, setDone] = useState<BulkOut | null>(null);
  const stale = (): void => { for (const key of ['prompts', 'tree', 'overview', 'activity', 'versions']) void queries.invalidateQueries({ queryKey: projectKey(project, key) }); };
  const ask = useMutation({
    mutationFn: (dryRun: boolean) => data(api.POST('/api/v1/projects/{project}/bulk', {
      params: { path: { project } },
      body: {
        select: selectionOf(selection.chosen, selection.all, values, dryRun ? null : plan), operations: [operationOf(kind, { names, word })],
        message: message.trim() || undefined, skip_refused: skip && !dryRun, dry_run: dryRun,
      },
    })),
    onSuccess: (answer) => {
      if (answer.dry_run) { setPlan(answer); return; }
      stale();
      tellResult(words.done(answer.changed), links.prompts(project));
      setDone(answer);
    },
  });
  const undo = useMutation({
    mutationFn: (paths: readonly string[]) => data(api.POST('/api/v1/projects/{project}/bulk', { params: { path: { project } }, body: { select: { all: false, tag: [], prompts: paths.map((path) => ({ path })) }, operations: [{ op: 'restore' }], skip_refused: false, dry_run: false } })),
    onSuccess: (answer) => {
      stale();
      tellResult(words.done(answer.changed), links.prompts(project));
      finish();
    },
  });
  const finish = (): void => {
    if (done) selection.clear();
    onClose();
  };
  const changed = done?.items.filter(({ result }) => result === 'changed').map(({ path }) => path) ?? [];
  return (
    <Modal opened onClose={finish} title={done ? words.doneTitle : words.titles[kind]} size="lg" closeOnClickOutside={!ask.isPending}>
      {done ? (
        <Stack>
          <Text size="sm" role="status">{words.done(done.changed)}{done.unchanged > 0 && ` · ${words.unchanged(done.unchanged)}`}</Text>
          {done.refused > 0 && <Text size="sm">{words.leftOut(done.refused)}</Text>}
          {done.refused > 0 && <ul className={classes.preview}>{done.items.filter(({ result }) => result === 'refused').slice(0, SHOWN).map((item) => <Planned key={item.path} item={item} />)}</ul>}
          <Refusal fault={undo.error} />
          <Group justify="flex-end">
            {kind === 'archive' && changed.length > 0 && <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate(changed)}>{words.undo}</Button>}
            <Button onClick={finish}>{strings.common.close}</Button>
          </Group>
        </Stack>
      ) : plan === null ? (
        <form onSubmit={(event) => { event.preventDefault(); ask.mutate(true); }}>
          <Stack>
            {kind === 'archive' && <Text size="sm">{words.archiveNote}</Text>}
            {kind === 'restore' && <Text size="sm">{words.restoreNote}</Text>}
            {kind === 'move' && <PlaceField project={project} modules label={words.into} description={words.intoHelp} focused value={word} onChange={setWord} placeholder="claims/letters/" />}
            {kind === 'owners' && <TagsInput label={words.ownersLabel} description={words.ownersHelp} data-autofocus value={names} onChange={setNames} />}
            {(kind === 'tags' || kind === 'untag') && <TagsInput label={words.tagsLabel} description={kind === 'tags' ? words.tagsHelp : words.untagHelp} data-autofocus value={names} onChange={setNames} />}
            {kind === 'model' && <TextInput label={words.modelLabel} description={words.modelHelp} maxLength={200} data-autofocus value={word} onChange={(event) => setWord(event.currentTarget.value)} />}
            <TextInput label={words.message} description={strings.common.optional} value={message} maxLength={500} onChange={(event) => setMessage(event.currentTarget.value)} />
            <Refusal fault={ask.error} />
            <Button type="submit" disabled={!isReady(kind, { names, word })} loading={ask.isPending}>{words.preview}</Button>
          </Stack>
        </form>
      ) : (
        <Stack>
          <Text size="sm" role="status">{ask.isPending ? words.working : <>{words.changed(plan.changed)}{plan.unchanged > 0 && ` · ${words.unchanged(plan.unchanged)}`}{plan.refused > 0 && ` · ${words.refused(plan.refused)}`}</>}</Text>
          <ul className={classes.preview}>
            {[...plan.items].sort((a, b) => Number(b.result === 'refused') - Number(a.result === 'refused')).slice(0, SHOWN).map((item) => <Planned key={item.path} item={item} />)}
            {plan.items.length > SHOWN && <li><small>{words.moreItems(plan.items.length - SHOWN)}</small></li>}
          </ul>
          {plan.refused > 0 && <Checkbox label={words.skip} checked={skip} onChange={(event) => setSkip(event.currentTarget.checked)} />}
          <Refusal fault={ask.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => { ask.reset(); setPlan(null); }}>{words.back}</Button>
            <Button color={kind === 'archive' ? 'red' : undefined} disabled={plan.changed === 0 || (plan.refused > 0 && !skip)} loading={ask.isPending} onClick={() => ask.mutate(false)}>{words.apply[kind]}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

function Planned({ item }: { readonly item: BulkOut['items'][number] }) {
  return (
    <li>
      {item.path}{item.to !== item.path && item.to !== '' && ` → ${item.to}`}
      {item.result !== 'changed' && <small>{item.reason || item.result}</small>}
      {item.live.length > 0 && <small>{item.live.map(({ environment, version }) => `${environment} v${version}`).join(', ')}</small>}
      {item.diff !== '' && <Spoiler maxHeight={0} showLabel={words.diff} hideLabel={strings.common.close}><pre>{item.diff}</pre></Spoiler>}
    </li>
  );
}
