/** One change to many prompts: first what it would do to each, then the change. */
import { Button, Checkbox, Group, Modal, Spoiler, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { BulkIn, BulkOut } from '@/api/schema';
import { links } from '@/links';
import { Refusal } from '@/parts/Refusal';
import { tellResult } from '@/parts/results';
import { strings } from '@/strings';
import type { Selection } from './selection';
import classes from './prompts.module.css';

const words = strings.prompts.bulk;

export type BulkKind = 'archive' | 'move' | 'owners' | 'tags';

export interface BulkDialogProps {
  readonly project: string;
  readonly kind: BulkKind;
  readonly selection: Selection;
  readonly onClose: () => void;
}

export function BulkDialog({ project, kind, selection, onClose }: BulkDialogProps) {
  const [names, setNames] = useState<string[]>([]);
  const [into, setInto] = useState('');
  const [message, setMessage] = useState('');
  const [skip, setSkip] = useState(false);
  const [plan, setPlan] = useState<BulkOut | null>(null);
  const ask = useMutation({
    mutationFn: (dryRun: boolean) => data(api.POST('/api/v1/projects/{project}/bulk', { params: { path: { project } }, body: bodyOf(dryRun) })),
    onSuccess: (done) => {
      if (done.dry_run) { setPlan(done); return; }
      for (const key of ['prompts', 'tree', 'overview', 'activity']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
      tellResult(words.done(done.changed), links.prompts(project));
      selection.clear();
      onClose();
    },
  });
  const bodyOf = (dryRun: boolean): BulkIn => ({
    select: { all: false, tag: [], prompts: [...selection.chosen].map(([path, version]) => ({ path, version })) },
    operations: [operationOf(kind, names, into)],
    message: message.trim() || undefined,
    skip_refused: skip,
    dry_run: dryRun,
  });
  const ready = kind === 'archive' || kind === 'move' || names.length > 0;
  return (
    <Modal opened onClose={onClose} title={words.titles[kind]} size="lg">
      {plan === null ? (
        <form onSubmit={(event) => { event.preventDefault(); ask.mutate(true); }}>
          <Stack>
            {kind === 'archive' && <Text size="sm">{words.archiveNote}</Text>}
            {kind === 'move' && <TextInput label={words.into} description={words.liveNote} data-autofocus value={into} onChange={(event) => setInto(event.currentTarget.value)} placeholder="claims/letters/" />}
            {kind === 'owners' && <TagsInput label={words.ownersLabel} description={words.ownersHelp} data-autofocus value={names} onChange={setNames} />}
            {kind === 'tags' && <TagsInput label={words.tagsLabel} description={words.tagsHelp} data-autofocus value={names} onChange={setNames} />}
            <TextInput label={words.message} description={strings.common.optional} value={message} maxLength={500} onChange={(event) => setMessage(event.currentTarget.value)} />
            <Refusal fault={ask.error} />
            <Button type="submit" disabled={!ready} loading={ask.isPending}>{words.preview}</Button>
          </Stack>
        </form>
      ) : (
        <Stack>
          <Text size="sm">{words.changed(plan.changed)}{plan.unchanged > 0 && ` · ${words.unchanged(plan.unchanged)}`}{plan.refused > 0 && ` · ${words.refused(plan.refused)}`}</Text>
          <ul className={classes.preview}>{plan.items.map((item) => <Planned key={item.path} item={item} />)}</ul>
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

function operationOf(kind: BulkKind, names: readonly string[], into: string): BulkIn['operations'][number] {
  if (kind === 'tags') return { op: 'add_tags', tags: [...names] };
  if (kind === 'owners') return { op: 'set_owners', owners: [...names] };
  if (kind === 'move') return { op: 'move_to', module: into.trim().replace(/^\/+|\/+$/g, '') };
  return { op: 'archive' };
}
