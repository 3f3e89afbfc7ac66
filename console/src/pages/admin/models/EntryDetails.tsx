/** One model of the catalogue: its facts with their sources, and its maker's rules. */
import { Button, Drawer, Stack, Text } from '@mantine/core';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import parts from '@/parts/parts.module.css';
import classes from '../admin.module.css';
import type { Entry } from './keys';
import { price } from '@/parts/money';

const words = strings.admin.catalogue;

/** Only addresses of the web become links: sources come from files of the installation. */
function Source({ text }: { readonly text: string }) {
  return /^https:\/\//.test(text) ? <a className={parts.link} href={text} target="_blank" rel="noreferrer">{text}</a> : text;
}

export function EntryDetails({ entry, onClose, onUse }: { readonly entry: Entry; readonly onClose: () => void; readonly onUse: () => void }) {
  useFocusBack();
  const { price: cost } = entry;
  const facts: (readonly [string, string | null | undefined])[] = [
    [words.provider, entry.provider],
    [words.family, entry.family],
    [words.context, entry.context === null ? null : words.tokens(entry.context)],
    [words.output, entry.max_output === null ? null : words.tokens(entry.max_output)],
    [words.modalities, entry.modalities?.join(', ')],
    [words.price, cost?.input ? words.inOut(price(cost.input.base), price(cost.output?.base ?? 0)) : words.noPrice],
    [words.cached, cost?.cached ? price(cost.cached.base) : null],
    [words.priceSource, cost ? [cost.source, cost.date].filter(Boolean).join(', ') : null],
    [words.deprecated, entry.deprecated_at],
    [words.retires, entry.retired_at],
    [words.accepts, entry.accepted?.join(', ')],
    [words.refuses, entry.refused.join(', ')],
  ];
  return (
    <Drawer opened onClose={onClose} position="right" size={520} title={entry.name || entry.id}>
      <Stack>
        <Text ff="monospace" size="sm" style={{ overflowWrap: 'anywhere' }}>{entry.id}</Text>
        <table className={parts.table}>
          <tbody>
            {facts.map(([label, value]) => value && <tr key={label}><th scope="row">{label}</th><td style={{ overflowWrap: 'anywhere' }}>{value}</td></tr>)}
            {entry.source && <tr><th scope="row">{words.source}</th><td style={{ overflowWrap: 'anywhere' }}><Source text={entry.source} /> {entry.date}</td></tr>}
          </tbody>
        </table>
        <Text component="h3" fw={600}>{words.contracts}</Text>
        <Text size="sm" c="dimmed">{entry.contracts.length === 0 ? words.noContracts : words.contractsHelp}</Text>
        {entry.contracts.map((contract) => (
          <div key={contract.id} className={classes.card}>
            <Text size="sm" fw={600}>{contract.id}</Text>
            <Text size="sm">{contract.why}</Text>
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}><Source text={contract.source} /> {contract.date}</Text>
          </div>
        ))}
        <Button onClick={onUse}>{words.use}</Button>
      </Stack>
    </Drawer>
  );
}
