/** What can be done with the chosen prompts. */
import { Button, CloseButton, Menu } from '@mantine/core';
import { useState } from 'react';
import { links, withSheet } from '@/links';
import { ExportDialog } from '@/parts/ExportDialog';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { BulkDialog, type BulkKind } from './BulkDialog';
import { isFiltered } from './filters';
import type { Selection } from './selection';
import classes from './prompts.module.css';

const words = strings.prompts.bulk;

export interface BulkBarProps {
  readonly project: string;
  readonly selection: Selection;
  /** The filters of the page: what "all that match" means. */
  readonly values: Readonly<Record<string, string>>;
}

export function BulkBar({ project, selection, values }: BulkBarProps) {
  const [kind, setKind] = useState<BulkKind | null>(null);
  const [exporting, setExporting] = useState(false);
  const go = useGo();
  const chosen = [...selection.chosen].map(([path, version]) => ({ path, version }));
  const picks = chosen.map(({ path, version }) => `${path}@${version}`).join(',');
  const archived = values['archived'] === 'true';
  const first: readonly BulkKind[] = archived ? ['restore'] : ['tags', 'owners', 'move'];
  const more: readonly BulkKind[] = archived ? [] : ['untag', 'model', 'archive'];
  const said = selection.all ? words.allSelected : words.selected(selection.chosen.size);
  const all = isFiltered(values) ? words.chooseAll : values['module'] ? words.chooseModule(values['module']) : words.chooseProject;
  return (
    <div className={classes.bulk} role="region" aria-label={said}>
      <strong>{said}</strong>
      {!selection.all && <Button size="xs" variant="subtle" onClick={selection.takeAll}>{all}</Button>}
      {first.map((one) => <Button key={one} size="xs" variant="default" onClick={() => setKind(one)}>{words.buttons[one]}</Button>)}
      {(more.length > 0 || !selection.all) && (
        <Menu position="top-end">
          <Menu.Target><Button size="xs" variant="default">{words.more}</Button></Menu.Target>
          <Menu.Dropdown>
            {more.map((one) => <Menu.Item key={one} color={one === 'archive' ? 'red' : undefined} onClick={() => setKind(one)}>{words.buttons[one]}</Menu.Item>)}
            {!selection.all && <Menu.Item onClick={() => setExporting(true)}>{words.export}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
      {!archived && !selection.all && <Button size="xs" onClick={() => go(withSheet(links.prompts(project, values), { sheet: 'publish', prompts: picks }))}>{words.publish}</Button>}
      <CloseButton aria-label={words.clear} onClick={selection.clear} />
      {kind !== null && <BulkDialog project={project} kind={kind} selection={selection} values={values} onClose={() => setKind(null)} />}
      {exporting && <ExportDialog project={project} prompts={chosen} onClose={() => setExporting(false)} />}
    </div>
  );
}
