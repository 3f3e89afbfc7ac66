/** What goes live: chosen prompts, or all that is live in another environment. */
import { Checkbox, Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { memo } from 'react';
import type { Environment } from '@/api/releases';
import { strings } from '@/strings';
import type { Choice, Draft } from './draft';
import { PicksEditor } from './PicksEditor';

const words = strings.sheets;

export interface WhatFieldsProps {
  readonly project: string;
  readonly environments: readonly Environment[];
  readonly draft: Choice;
  readonly onChange: (change: Partial<Draft>) => void;
}

export const WhatFields = memo(function WhatFields({ project, environments, draft, onChange }: WhatFieldsProps) {
  const others = environments.map(({ name }) => name).filter((name) => name !== draft.to);
  const promoting = draft.promoteFrom !== null;
  const turn = (kind: string): void => onChange({ promoteFrom: kind === 'promote' ? (before(environments, draft.to) ?? others[0] ?? null) : null, incident: null });
  return (
    <>
      {others.length > 0 && (
        <SegmentedControl mb={12} size="xs" aria-label={words.what} value={promoting ? 'promote' : 'chosen'} onChange={turn} data={[{ value: 'chosen', label: words.chosen }, { value: 'promote', label: words.promote }]} />
      )}
      {draft.promoteFrom === null ? (
        <PicksEditor project={project} picks={draft.picks} onChange={(picks) => onChange({ picks })} />
      ) : (
        <>
          <Group align="end" gap="sm" wrap="wrap">
            <Select label={words.promoteFrom} data={others} value={draft.promoteFrom} allowDeselect={false} onChange={(promoteFrom) => onChange({ promoteFrom })} w={200} />
            <TextInput label={`${words.module} (${strings.common.optional})`} value={draft.module} onChange={(event) => onChange({ module: event.currentTarget.value })} style={{ flex: '1 1 200px' }} />
          </Group>
          <Checkbox mt={10} label={words.prune(draft.to, draft.promoteFrom)} checked={draft.prune} onChange={(event) => onChange({ prune: event.currentTarget.checked })} />
        </>
      )}
    </>
  );
});

/** The environment before one in the order of promotion. */
function before(environments: readonly Environment[], name: string): string | undefined {
  const at = environments.findIndex((one) => one.name === name);
  return at > 0 ? environments[at - 1]?.name : undefined;
}
