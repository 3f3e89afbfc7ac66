/** Finding one prompt of the project by name or path. */
import { Combobox, Loader, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { strings } from '@/strings';

const words = strings.sheets;

export interface PromptSearchProps {
  readonly project: string;
  readonly label: string;
  readonly without?: readonly string[];
  /** Only what is live there. */
  readonly environment?: string;
  readonly onPick: (path: string) => void;
}

export function PromptSearch({ project, label, without = [], environment, onPick }: PromptSearchProps) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 150);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const found = useQuery({
    queryKey: projectKey(project, 'prompts', 'choice', q, environment),
    enabled: box.dropdownOpened,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { q: q === '' ? undefined : q, environment, limit: 30 } } })),
  });
  const items = found.data?.items.filter(({ path }) => !without.includes(path)) ?? [];
  return (
    <Combobox
      store={box}
      onOptionSubmit={(path) => {
        onPick(path);
        setText('');
        box.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          aria-label={label} placeholder={`${label}: ${words.findPrompt.toLowerCase()}`} leftSection={<IconPlus size={16} />} rightSection={found.isFetching ? <Loader size={14} /> : null}
          value={text} onFocus={() => box.openDropdown()} onClick={() => box.openDropdown()} onBlur={() => box.closeDropdown()}
          onChange={(event) => {
            setText(event.currentTarget.value);
            box.openDropdown();
            box.updateSelectedOptionIndex();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options mah={280} style={{ overflowY: 'auto' }}>
          {items.map(({ path, version, description }) => (
            <Combobox.Option key={path} value={path}>
              <div style={{ display: 'flex', gap: 8 }}><span style={{ overflowWrap: 'anywhere' }}>{path}</span><span style={{ marginLeft: 'auto', color: 'var(--ink-soft)' }}>{`v${version}`}</span></div>
              {description && <div style={{ fontSize: 12, color: 'var(--ink-soft)', overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>{description}</div>}
            </Combobox.Option>
          ))}
          {found.data && items.length === 0 && <Combobox.Empty>{words.noMatch}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
