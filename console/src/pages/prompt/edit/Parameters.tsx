/** Parameters of a model as rows: known ones to choose, any other by name. */
import { ActionIcon, Autocomplete, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { strings } from '@/strings';
import { renamed, type Json } from '../document';
import classes from '../prompt.module.css';

const words = strings.prompt;
const KNOWN = ['temperature', 'maxTokens', 'topP', 'topK', 'minP', 'frequencyPenalty', 'presencePenalty', 'seed', 'stop', 'n'];

/** What was typed as a value: a number, a list, true; anything else is the text. */
export function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

interface Props { readonly values: Readonly<Record<string, Json>>; readonly onChange: ((values: Readonly<Record<string, Json>>) => void) | undefined; readonly differs?: (name: string) => boolean }

export function Parameters({ values, onChange, differs }: Props) {
  const free = KNOWN.find((name) => !(name in values)) ?? words.parameter;
  return (
    <div>
      {Object.entries(values).map(([name, value], at) => (
        <div key={at} className={classes.row} style={{ alignItems: 'center' }}>
          <Autocomplete size="xs" w={180} aria-label={words.parameter} readOnly={!onChange} data={KNOWN} value={name} onChange={(to) => onChange?.(renamed(values, name, to))} />
          <ValueInput label={`${words.value}: ${name}`} value={value} onChange={onChange && ((next) => onChange({ ...values, [name]: next }))} />
          {differs?.(name) && <span className={classes.dim}>{words.differs(name)}</span>}
          {onChange && <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(name)} onClick={() => onChange(Object.fromEntries(Object.entries(values).filter(([other]) => other !== name)))}><IconTrash size={15} /></ActionIcon>}
        </div>
      ))}
      {onChange && <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => onChange({ ...values, [free]: free === 'temperature' ? 0 : 1 })}>{words.addParameter}</Button>}
    </div>
  );
}

function ValueInput({ label, value, onChange }: { readonly label: string; readonly value: Json; readonly onChange: ((value: Json) => void) | undefined }) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextInput size="xs" w={160} aria-label={label} readOnly={!onChange} value={typed ?? (typeof value === 'string' ? value : JSON.stringify(value))} onBlur={() => setTyped(null)} onChange={(event) => {
      setTyped(event.currentTarget.value);
      if (event.currentTarget.value !== '') onChange?.(valueOf(event.currentTarget.value));
    }} />
  );
}
