/** The models that are known about: prices, context, when they retire, and what their makers say about using them. */
import { Button, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { Rows, type Column } from '../Rows';
import { EntryDetails } from './EntryDetails';
import { askCatalogue, type Entry } from './keys';
import { price } from '@/parts/money';
import classes from '../admin.module.css';

const words = strings.admin.catalogue;

export function Catalogue({ onUse }: { readonly onUse: (provider: string, model: string) => void }) {
  const [{ q = '', family = '', provider = '' }, setQuery] = useAddressQuery();
  const [open, setOpen] = useState<Entry | null>(null);
  const entries = usePages(['system', 'catalogue', q, family, provider], (cursor) =>
    askCatalogue({ q, family: family || null, provider: provider || null, cursor }));
  const columns: Column<Entry>[] = [
    { key: 'model', head: words.model, cell: (entry) => <div><button type="button" className={classes.open} onClick={() => setOpen(entry)}>{entry.id}</button><div className={classes.soft}>{entry.name}</div></div> },
    { key: 'provider', head: words.provider, cell: (entry) => entry.provider ?? '–' },
    { key: 'family', head: words.family, cell: (entry) => (entry.family ? <Chip>{entry.family}</Chip> : '–') },
    { key: 'context', head: words.context, cell: (entry) => (entry.context === null ? '–' : entry.context.toLocaleString('en')) },
    { key: 'price', head: words.price, cell: (entry) => (entry.price?.input ? words.inOut(price(entry.price.input.base), price(entry.price.output?.base ?? 0)) : <span className={classes.soft}>{words.noPrice}</span>) },
    { key: 'retires', head: words.retires, cell: (entry) => (entry.retired_at ? <Chip tone="warn">{entry.retired_at}</Chip> : '–') },
    { key: 'contracts', head: words.contracts, cell: (entry) => entry.contracts.length || '–' },
  ];
  return (
    <Stack>
      <div className={classes.filters}>
        <TextInput type="search" label={words.find} value={q} onChange={(event) => setQuery({ q: event.currentTarget.value })} />
        <TextInput label={words.family} value={family} onChange={(event) => setQuery({ family: event.currentTarget.value })} />
        <TextInput label={words.provider} value={provider} onChange={(event) => setQuery({ provider: event.currentTarget.value })} />
      </div>
      <Refusal fault={entries.error} />
      {!entries.items && !entries.error && <Waiting />}
      {entries.items && (entries.items.length === 0
        ? <Empty title={words.none} action={<Button variant="default" onClick={() => setQuery({ q: '', family: '', provider: '' })}>{strings.common.clearFilters}</Button>}>{words.noneHelp}</Empty>
        : <Rows label={words.label} columns={columns} rows={entries.items} keyOf={(entry) => `${entry.provider}/${entry.id}`} onOpen={setOpen} foot={<MorePages query={entries} />} />)}
      {open && <EntryDetails entry={open} onClose={() => setOpen(null)} onUse={() => { setOpen(null); onUse(open.provider ?? '', open.id); }} />}
    </Stack>
  );
}
