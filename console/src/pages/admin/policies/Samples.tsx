/** The samples of a policy's check: who, what, where. */
import { ActionIcon, Autocomplete, Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { strings } from '@/strings';
import { useUserNames } from '../choices';
import { FIRST, type Sample } from './questions';
import classes from '../admin.module.css';

const words = strings.admin.policies;
const VERBS = Object.entries(strings.admin.access.verbs).map(([value, label]) => ({ value, label }));

export function Samples({ samples, onChange }: { readonly samples: readonly Sample[]; readonly onChange: (samples: readonly Sample[]) => void }) {
  return (
    <Stack gap="xs">
      {samples.map((sample, at) => (
        <One
          key={at} sample={sample}
          onChange={(change) => onChange(samples.map((one, index) => (index === at ? { ...one, ...change } : one)))}
          onRemove={samples.length > 1 ? () => onChange(samples.filter((_, index) => index !== at)) : undefined}
        />
      ))}
      <Group><Button size="compact-sm" variant="subtle" onClick={() => onChange([...samples, samples.at(-1) ?? FIRST])}>{words.addQuestion}</Button></Group>
    </Stack>
  );
}

interface OneProps {
  readonly sample: Sample;
  readonly onChange: (change: Partial<Sample>) => void;
  readonly onRemove?: () => void;
}

function One({ sample, onChange, onRemove }: OneProps) {
  const users = useUserNames(sample.who);
  return (
    <div className={classes.filters}>
      <Autocomplete style={{ flexBasis: 140 }} label={words.who} data={users} value={sample.who} onChange={(who) => onChange({ who })} />
      <Select style={{ flexBasis: 140 }} label={words.action} allowDeselect={false} data={VERBS} value={sample.action} onChange={(action) => onChange({ action: action ?? 'publish' })} />
      <TextInput style={{ flexBasis: 160 }} label={words.address} value={sample.address} onChange={(event) => onChange({ address: event.currentTarget.value })} />
      <TextInput style={{ flexBasis: 120 }} label={words.environment} value={sample.environment} onChange={(event) => onChange({ environment: event.currentTarget.value })} />
      {onRemove && <ActionIcon style={{ flex: 'none', minWidth: 0 }} mb={4} variant="subtle" color="gray" aria-label={words.removeQuestion} onClick={onRemove}><IconTrash size={16} /></ActionIcon>}
    </div>
  );
}
