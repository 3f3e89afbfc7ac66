/** What of the log is shown; all of it lives in the address. */
import { Autocomplete, Button, Select, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useAddressQuery } from '@/parts/navigate';
import { strings } from '@/strings';
import classes from './audit.module.css';

const words = strings.audit.filters;
const NAMES = ['actor', 'action', 'object', 'outcome', 'environment', 'since', 'until'] as const;
const GROUPS = ['release.*', 'review.*', 'prompt.*', 'run.*', 'grant.*', 'token.*', 'environment.*', 'certification.*', 'emergency.*', 'exception.*', 'schedule.*', 'evidence.*', 'redaction.*', 'hold.*'];

/** A text of the address, written there shortly after the last key. */
function useText(name: string): [string, (value: string) => void] {
  const [query, set] = useAddressQuery();
  const there = query[name] ?? '';
  const [draft, setDraft] = useState<string | undefined>();
  const write = useDebouncedCallback((value: string) => {
    set({ [name]: value.trim() || undefined, event: undefined });
    setDraft(undefined);
  }, 400);
  return [draft ?? there, (value) => {
    setDraft(value);
    write(value);
  }];
}

export function Filters({ inProject }: { readonly inProject: boolean }) {
  const [query, set] = useAddressQuery();
  const [actor, setActor] = useText('actor');
  const [action, setAction] = useText('action');
  const [object, setObject] = useText('object');
  const [environment, setEnvironment] = useText('environment');
  const filtered = NAMES.some((name) => query[name]);
  return (
    <div className={classes.filters} role="search" aria-label={strings.common.filters}>
      <TextInput label={words.actor} placeholder={words.actorHelp} value={actor} onChange={(event) => setActor(event.currentTarget.value)} />
      <Autocomplete label={words.action} placeholder={words.actionHelp} data={GROUPS} value={action} onChange={setAction} />
      <TextInput label={words.object} placeholder={words.objectHelp} value={object} onChange={(event) => setObject(event.currentTarget.value)} />
      <Select
        label={words.outcome} className={classes.small} placeholder={words.any} clearable value={query.outcome ?? null}
        data={Object.entries(strings.audit.outcomes).map(([value, label]) => ({ value, label }))}
        onChange={(value) => set({ outcome: value ?? undefined })}
      />
      {inProject && <TextInput label={words.environment} className={classes.small} placeholder={words.any} value={environment} onChange={(event) => setEnvironment(event.currentTarget.value)} />}
      <TextInput type="date" label={words.since} className={classes.small} value={query.since ?? ''} onChange={(event) => set({ since: event.currentTarget.value })} />
      <TextInput type="date" label={words.until} className={classes.small} value={query.until ?? ''} onChange={(event) => set({ until: event.currentTarget.value })} />
      <Switch label={words.live} className={classes.small} checked={query.live === '1'} onChange={(event) => set({ live: event.currentTarget.checked ? '1' : undefined })} py={8} />
      {filtered && <Button variant="subtle" className={classes.small} onClick={() => set(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{strings.common.clearFilters}</Button>}
    </div>
  );
}
