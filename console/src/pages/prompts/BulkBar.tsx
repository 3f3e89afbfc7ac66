/** What can be done with the chosen prompts. */
import { Button, CloseButton } from '@mantine/core';
import { useState } from 'react';
import { links, withSheet } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { BulkDialog, type BulkKind } from './BulkDialog';
import type { Selection } from './selection';
import classes from './prompts.module.css';

const words = strings.prompts.bulk;
const KINDS: readonly BulkKind[] = ['tags', 'owners', 'move', 'archive'];

export function BulkBar({ project, selection }: { readonly project: string; readonly selection: Selection }) {
  const [kind, setKind] = useState<BulkKind | null>(null);
  const go = useGo();
  const picks = [...selection.chosen].map(([path, version]) => `${path}@${version}`).join(',');
  return (
    <div className={classes.bulk} role="region" aria-label={words.selected(selection.chosen.size)}>
      <strong>{words.selected(selection.chosen.size)}</strong>
      {KINDS.map((one) => <Button key={one} size="xs" variant="default" onClick={() => setKind(one)}>{words[one]}</Button>)}
      <Button size="xs" onClick={() => go(withSheet(links.prompts(project), { sheet: 'publish', prompts: picks }))}>{words.publish}</Button>
      <CloseButton aria-label={words.clear} onClick={selection.clear} />
      {kind !== null && <BulkDialog project={project} kind={kind} selection={selection} onClose={() => setKind(null)} />}
    </div>
  );
}
