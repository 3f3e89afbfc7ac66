/** Choose a prompt of the project by typing a part of its name; the server searches. */
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { strings } from '@/strings';

const words = strings.testing;

export interface PromptPickerProps {
  readonly project: string;
  readonly value: string | null;
  readonly onChange: (path: string | null) => void;
  readonly label?: string;
  readonly autoFocus?: boolean;
}

export function PromptPicker({ project, value, onChange, label = words.prompt, autoFocus }: PromptPickerProps) {
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed === value ? '' : typed, 150);
  const found = useQuery({
    queryKey: projectKey(project, 'prompts', 'pick', asked),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { q: asked || undefined, limit: 30 } } })),
  });
  const paths = found.data?.items.map(({ path }) => path) ?? [];
  const options = value === null || paths.includes(value) ? paths : [value, ...paths];
  return (
    <Select
      label={label} placeholder={words.promptPlaceholder} searchable data={options} value={value} onChange={onChange} filter={({ options: all }) => all}
      onSearchChange={setTyped} nothingFoundMessage={words.noPromptFound} data-autofocus={autoFocus || undefined} maxDropdownHeight={280} openOnFocus={false}
    />
  );
}
