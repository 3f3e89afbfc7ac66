/** Where the key of a model target is; a key itself is only ever typed here, never shown. */
import { PasswordInput, Select, TextInput } from '@mantine/core';
import { strings } from '@/strings';
import type { Draft, KeyPlace } from './draft';

const words = strings.admin.models;
const PLACES: readonly KeyPlace[] = ['none', 'env', 'file', 'sealed'];

export interface KeyFieldsProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
  /** Whether a key may stay as it is: the target is there already. */
  readonly keeps: boolean;
  readonly error?: string;
}

export function KeyFields({ draft, set, keeps, error }: KeyFieldsProps) {
  const places = keeps ? (['keep', ...PLACES] as const) : PLACES;
  return (
    <>
      <Select label={words.where} error={error} allowDeselect={false} data={places.map((value) => ({ value, label: words.kinds[value] }))} value={draft.key} onChange={(value) => set({ key: (value ?? 'none') as KeyPlace, secret: '' })} />
      {(draft.key === 'env' || draft.key === 'file') && (
        <TextInput label={draft.key === 'env' ? words.variable : words.file} required withAsterisk={false} maxLength={200} value={draft.keyName} onChange={(event) => set({ keyName: event.currentTarget.value })} />
      )}
      {draft.key === 'sealed' && (
        <PasswordInput label={words.secret} description={words.secretHelp} required withAsterisk={false} autoComplete="off" value={draft.secret} onChange={(event) => set({ secret: event.currentTarget.value })} />
      )}
    </>
  );
}
