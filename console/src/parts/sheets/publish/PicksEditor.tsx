/** Which prompts in which versions: add by search, choose a version, take out. */
import { ActionIcon, Button, Select } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { strings } from '@/strings';
import { withPick, type Pick } from '../picks';
import classes from '../sheets.module.css';
import { PromptSearch } from '../PromptSearch';

const words = strings.sheets;
const FEW = 8;

export interface PicksEditorProps {
  readonly project: string;
  readonly picks: readonly Pick[];
  readonly onChange: (picks: readonly Pick[]) => void;
}

export function PicksEditor({ project, picks, onChange }: PicksEditorProps) {
  const [all, setAll] = useState(false);
  const shown = all ? picks : picks.slice(0, FEW);
  return (
    <>
      {picks.length > 0 && (
        <ul className={classes.list} style={all && picks.length > FEW ? { maxHeight: 420, overflowY: 'auto' } : undefined}>
          {shown.map((pick) => (
            <li key={pick.path} className={classes.item}>
              <span className={classes.path} title={pick.path}>{pick.path}</span>
              <VersionChoice project={project} pick={pick} onChange={(version) => onChange(withPick(picks, pick.path, version === undefined ? { path: pick.path } : { path: pick.path, version }))} />
              <ActionIcon variant="subtle" color="gray" aria-label={words.takeOut(pick.path)} onClick={() => onChange(withPick(picks, pick.path, null))}><IconX size={16} /></ActionIcon>
            </li>
          ))}
        </ul>
      )}
      {picks.length > FEW && (
        <Button mt={6} size="compact-xs" variant="subtle" onClick={() => setAll(!all)}>{all ? words.showFewer : words.showAll(picks.length)}</Button>
      )}
      <div style={{ marginTop: picks.length > 0 ? 10 : 0 }}>
        <PromptSearch project={project} label={words.addPrompt} without={picks.map(({ path }) => path)} onPick={(path) => onChange(withPick(picks, path, { path }))} />
      </div>
    </>
  );
}

interface VersionChoiceProps {
  readonly project: string;
  readonly pick: Pick;
  readonly onChange: (version: number | undefined) => void;
}

/** The versions are asked for when the list is first opened: a hundred picks must not be a hundred questions. */
function VersionChoice({ project, pick, onChange }: VersionChoiceProps) {
  const [asked, setAsked] = useState(false);
  const versions = useQuery({
    queryKey: projectKey(project, 'versions', pick.path, 'choice'),
    enabled: asked,
    queryFn: async () => {
      const page = await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path: pick.path }, query: { limit: 100 } } }));
      return 'items' in page ? page.items : [];
    },
  });
  const numbers = versions.data?.map(({ version }) => version) ?? [];
  const [newest] = numbers;
  const chosen = pick.version === undefined ? [] : [pick.version];
  const listed = [...new Set([...chosen, ...numbers])].sort((a, b) => b - a);
  return (
    <Select
      size="xs" w={142} aria-label={words.versionOf(pick.path)} allowDeselect={false} onDropdownOpen={() => setAsked(true)} searchable={listed.length > 12}
      data={[{ value: '', label: newest === undefined ? words.newest : words.newestIs(newest) }, ...listed.map((version) => ({ value: String(version), label: `v${version}` }))]}
      value={pick.version === undefined ? '' : String(pick.version)}
      onChange={(value) => onChange(value === null || value === '' ? undefined : Number(value))}
    />
  );
}
