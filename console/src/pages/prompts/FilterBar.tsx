/** Facets to narrow the list by, with counts over the whole project. */
import { Button, MultiSelect, Select } from '@mantine/core';
import { IconFilterOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { FacetsOut } from '@/api/schema';
import { strings } from '@/strings';
import { FILTERS, isFiltered, tagsOf } from './filters';
import classes from './prompts.module.css';

const words = strings.prompts.filters;

export interface FilterBarProps {
  readonly project: string;
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (change: Record<string, string | undefined>) => void;
}

type Facet = keyof FacetsOut;

/** The values of some facets as choices, the one in use always among them. */
function choices(facets: FacetsOut | undefined, kinds: readonly Facet[], used: readonly (string | undefined)[], label: (value: string) => string = (value) => value) {
  const all = kinds.flatMap((kind) => facets?.[kind].values ?? []);
  const known = new Map(all.map(({ value, prompts }) => [value, `${label(value)} (${prompts.toLocaleString('en')})`]));
  for (const value of used) if (value && !known.has(value)) known.set(value, label(value));
  return [...known].map(([value, text]) => ({ value, label: text }));
}

export function FilterBar({ project, values, onChange }: FilterBarProps) {
  const facets = useQuery({
    queryKey: projectKey(project, 'prompts', 'facets', values['archived'] === 'true'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/facets', { params: { path: { project }, query: { archived: values['archived'] === 'true', limit: 100 } } })),
  }).data;
  const one = (name: (typeof FILTERS)[number], label: string, options: { value: string; label: string }[], searchable = true) => (
    <Select
      key={name} size="xs" w={132} aria-label={label} placeholder={label} data={options} value={values[name] ?? null} searchable={searchable} clearable
      onChange={(value) => onChange({ [name]: value ?? undefined })} comboboxProps={{ width: 240, position: 'bottom-start', shadow: 'md' }}
    />
  );
  const tags = tagsOf(values);
  return (
    <div className={classes.filters} role="group" aria-label={strings.common.filters}>
      {one('state', words.state, choices(facets, ['state'], [values['state']], (value) => strings.prompts.states[value] ?? value), false)}
      {one('environment', words.environment, choices(facets, ['environment'], [values['environment']]), false)}
      <MultiSelect
        size="xs" miw={132} maw={320} aria-label={words.tag} placeholder={tags.length === 0 ? words.tag : undefined} data={choices(facets, ['tag'], tags)} value={tags} searchable clearable
        onChange={(chosen) => onChange({ tag: chosen.join(',') || undefined })} comboboxProps={{ width: 240, position: 'bottom-start', shadow: 'md' }}
      />
      {one('owner', words.owner, choices(facets, ['owner'], [values['owner']]))}
      {one('model', words.model, choices(facets, ['family', 'model'], [values['model']]))}
      {one('changed_since', words.changed, Object.entries(words.changedSince).map(([value, label]) => ({ value, label })), false)}
      {one('archived', words.archived, [{ value: 'true', label: words.onlyArchived }], false)}
      {isFiltered(values) && (
        <Button size="compact-sm" variant="subtle" leftSection={<IconFilterOff size={14} />} onClick={() => onChange(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}>
          {strings.common.clearFilters}
        </Button>
      )}
    </div>
  );
}
