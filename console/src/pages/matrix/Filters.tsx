/** What the matrix shows: search, module, family, verdicts, and of which content. */
import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { ColumnOut, RowOut } from '@/api/schema';
import { useAddressQuery } from '@/parts/navigate';
import { Verdict, VERDICTS } from '@/parts/Verdict';
import { strings } from '@/strings';
import { familiesOf, moduleOf } from './shape';
import classes from './matrix.module.css';

const words = strings.matrix;

export function Filters({ project, columns, rows }: { readonly project: string; readonly columns: readonly ColumnOut[]; readonly rows: readonly RowOut[] }) {
  const [query, setQuery] = useAddressQuery();
  const [typed, setTyped] = useState(query.q ?? '');
  const [module, setModule] = useState(query.module ?? '');
  const later = useDebouncedCallback((change: Record<string, string | undefined>) => setQuery(change), 250);
  const environments = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  });
  const chosen = new Set((query.verdict ?? '').split(',').filter(Boolean));
  const toggle = (verdict: string): void => {
    const next = new Set(chosen);
    if (!next.delete(verdict)) next.add(verdict);
    setQuery({ verdict: VERDICTS.filter((one) => next.has(one)).join(',') });
  };
  const modules = [...new Set(rows.map(({ path }) => moduleOf(path)).filter(Boolean))].sort();
  const families = familiesOf(columns).map(({ family }) => ({ value: family ?? '-', label: family ?? strings.testing.otherFamily }));
  return (
    <div className={classes.filters} role="group" aria-label={strings.common.filters}>
      <TextInput
        size="xs" w={200} aria-label={words.search} placeholder={words.search} leftSection={<IconSearch size={14} />} value={typed}
        onChange={(event) => { setTyped(event.currentTarget.value); later({ q: event.currentTarget.value }); }}
      />
      <Autocomplete size="xs" w={160} aria-label={words.module} placeholder={words.module} data={modules} value={module} onChange={(value) => { setModule(value); later({ module: value }); }} />
      <Select size="xs" w={140} aria-label={words.family} placeholder={words.family} clearable data={families} value={query.family ?? null} onChange={(family) => setQuery({ family: family ?? undefined })} />
      <Select
        size="xs" w={170} aria-label={words.at} allowDeselect={false} value={query.at ?? 'head'} onChange={(at) => setQuery({ at: at === 'head' ? undefined : at ?? undefined })}
        data={[{ value: 'head', label: words.head }, ...(environments.data?.items ?? []).map(({ name }) => ({ value: name, label: words.live(name) }))]}
      />
      <div className={classes.verdicts} role="group" aria-label={words.verdict}>
        {VERDICTS.map((verdict) => (
          <button key={verdict} type="button" className={classes.verdictButton} aria-pressed={chosen.has(verdict)} title={strings.testing.rules[verdict]} onClick={() => toggle(verdict)}>
            <Verdict verdict={verdict} />
          </button>
        ))}
      </div>
    </div>
  );
}
