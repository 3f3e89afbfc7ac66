/** How files are read and where their prompts go: for all files of an import together. */
import { Checkbox, Fieldset, Group, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import type { TableOut } from '@/api/schema';
import { strings } from '@/strings';

const words = strings.home.import;

/** As the server wants them; `message` is kept with the versions. */
export interface Options {
  readonly module: string;
  readonly format: string;
  readonly role: 'user' | 'system';
  readonly name_column: string;
  readonly text_column: string;
  readonly description_column: string;
  readonly tag_columns: readonly string[];
  readonly on_conflict: keyof typeof words.conflicts;
  readonly allow_invalid: boolean;
  readonly message: string;
}

export const START: Options = { module: '', format: '', role: 'user', name_column: '', text_column: '', description_column: '', tag_columns: [], on_conflict: 'version', allow_invalid: false, message: '' };

export interface ImportOptionsProps {
  readonly value: Options;
  readonly onChange: (value: Options) => void;
  readonly tables: readonly TableOut[];
}

export function ImportOptions({ value, onChange, tables }: ImportOptionsProps) {
  const put = (change: Partial<Options>): void => onChange({ ...value, ...change });
  const columns = [...new Set(tables.flatMap((table) => table.columns))].filter((name) => name !== '');
  const column = (name: 'name_column' | 'text_column' | 'description_column', placeholder: string) => (
    <Select label={words.columns[name]} placeholder={placeholder} clearable searchable miw={160} value={value[name] || null} data={columns} onChange={(chosen) => put({ [name]: chosen ?? '' })} />
  );
  return (
    <Stack gap="sm">
      <Group grow align="start" preventGrowOverflow={false}>
        <TextInput label={words.module} description={words.moduleHelp} value={value.module} maxLength={500} onChange={(event) => put({ module: event.currentTarget.value })} miw={200} />
        <Select label={words.format} description={words.formatHelp} clearable placeholder={words.formatGuessed} value={value.format || null} data={Object.entries(words.formats).map(([name, label]) => ({ value: name, label }))} onChange={(format) => put({ format: format ?? '' })} miw={200} />
        <Select label={words.conflict} description={words.conflictHelp} allowDeselect={false} value={value.on_conflict} data={Object.entries(words.conflicts).map(([name, label]) => ({ value: name, label }))} onChange={(chosen) => put({ on_conflict: (chosen ?? 'version') as Options['on_conflict'] })} miw={200} />
      </Group>
      {columns.length > 0 && (
        <Fieldset legend={words.table}>
          <Group grow align="start" preventGrowOverflow={false}>
            {column('name_column', words.byName)}
            {column('text_column', words.byName)}
            {column('description_column', words.noColumn)}
            <MultiSelect label={words.columns.tag_columns} miw={160} value={[...value.tag_columns]} data={columns} onChange={(chosen) => put({ tag_columns: chosen })} />
          </Group>
        </Fieldset>
      )}
      <Group grow align="start" preventGrowOverflow={false}>
        <TextInput label={words.message} description={strings.common.optional} maxLength={500} value={value.message} onChange={(event) => put({ message: event.currentTarget.value })} miw={200} />
        <Select label={words.role} description={words.roleHelp} allowDeselect={false} value={value.role} data={Object.entries(words.roles).map(([name, label]) => ({ value: name, label }))} onChange={(role) => put({ role: role === 'system' ? 'system' : 'user' })} miw={200} />
      </Group>
      <Checkbox label={words.allowInvalid} checked={value.allow_invalid} onChange={(event) => put({ allow_invalid: event.currentTarget.checked })} />
    </Stack>
  );
}
