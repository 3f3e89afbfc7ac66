/** A field for a prompt (or, where asked for, a module): typed freely, with what the project has as suggestions. */
import { Autocomplete, Loader } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { above } from './modulesAbove';

export interface PlaceFieldProps {
  readonly project: string;
  readonly label: string;
  readonly description?: ReactNode;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly focused?: boolean;
  readonly value: string;
  /** Suggest the modules above what is found too, with their slash. */
  readonly modules?: boolean;
  readonly onChange: (value: string) => void;
}

export function PlaceField({ project, label, description, placeholder, required, focused, value, modules, onChange }: PlaceFieldProps) {
  const [q] = useDebouncedValue(value.trim().replace(/\/+$/, ''), 150);
  const found = useQuery({
    queryKey: projectKey(project, 'prompts', 'suggestions', q),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { q: q === '' ? undefined : q, limit: 20 } } })),
  });
  const paths = found.data?.items.map(({ path }) => path) ?? [];
  const near = modules ? above(paths).filter((module) => module.toLowerCase().includes(q.toLowerCase())) : [];
  return (
    <Autocomplete
      label={label} description={description} placeholder={placeholder} required={required} data-autofocus={focused || undefined} maxLength={501} value={value} onChange={onChange}
      openOnFocus={false} data={[...near, ...paths]} filter={({ options }) => options} limit={30} maxDropdownHeight={260} rightSection={found.isFetching ? <Loader size={14} /> : null}
    />
  );
}
