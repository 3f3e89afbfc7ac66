/** The variables a prompt takes: type, whether required, default, and whether they come from outside. */
import { ActionIcon, Button, Checkbox, NativeSelect, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { strings } from '@/strings';
import { renamed, TYPES, withKey, type Input, type Json, type PromptDoc } from '../document';
import { faultsAt, type Fault } from '../problems';
import classes from '../prompt.module.css';
import { inputsOf, isRequired } from '../template';
import { FaultLine } from './ProblemList';
import type { Change } from './PromptForm';

const words = strings.prompt;

/** A default as it is typed: JSON where it is JSON, else the text. */
export function defaultOf(text: string, type: string): Json | undefined {
  if (text === '') return undefined;
  if (type === 'string') return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export function Variables({ doc, faults, onChange }: { readonly doc: PromptDoc; readonly faults: readonly Fault[]; readonly onChange: Change | undefined }) {
  const inputs = inputsOf(doc);
  const names = Object.keys(inputs);
  const declared = doc.inputs !== undefined && doc.inputs !== null;
  const set = (change: (inputs: Readonly<Record<string, Input>>) => Readonly<Record<string, Input>>): void => onChange?.((now) => withKey(now, 'inputs', change(inputsOf(now))));
  const fresh = (): string => {
    let name: string = words.newVariable;
    for (let at = 2; name in inputs; at += 1) name = `${words.newVariable}_${at}`;
    return name;
  };
  return (
    <div id="inputs">
      {names.length === 0 && <Text size="sm" c="dimmed" mb="xs">{words.variablesNone}</Text>}
      {names.length > 0 && !declared && <Text size="sm" c="dimmed" mb="xs">{words.variablesFree}</Text>}
      {names.length > 0 && (
        <ul className={classes.variables}>
          {Object.entries(inputs).map(([name, input], at) => (
            <VariableRow
              key={at} name={name} input={input} readOnly={!onChange || !declared}
              onName={(to) => set((now) => renamed(now, name, to))} onInput={(next) => set((now) => ({ ...now, [name]: next }))}
              onRemove={() => set((now) => Object.fromEntries(Object.entries(now).filter(([other]) => other !== name)))}
            />
          ))}
        </ul>
      )}
      {faultsAt(faults, 'inputs').map((fault, at) => <FaultLine key={at} fault={fault} />)}
      {onChange && !declared && names.length > 0 && <Button mt="xs" size="xs" variant="default" onClick={() => set((now) => now)}>{words.declareAll}</Button>}
      {onChange && (declared || names.length === 0) && <Button mt="xs" size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={() => set((now) => ({ ...now, [fresh()]: {} }))}>{words.addVariable}</Button>}
    </div>
  );
}

interface RowProps { readonly name: string; readonly input: Input; readonly readOnly: boolean; readonly onName: (name: string) => void; readonly onInput: (input: Input) => void; readonly onRemove: () => void }

function VariableRow({ name, input, readOnly, onName, onInput, onRemove }: RowProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const type = input.type ?? 'string';
  const shown = input.default === undefined || input.default === null ? '' : typeof input.default === 'string' ? input.default : JSON.stringify(input.default);
  const with_ = (change: Partial<Record<keyof Input, Json | undefined>>): void => onInput(Object.fromEntries(Object.entries({ ...input, ...change }).filter(([, value]) => value !== undefined)) as Input);
  return (
    <li id={`inputs.${name}`}>
      <TextInput size="xs" w={150} placeholder={words.name} aria-label={`${words.name}: ${name}`} readOnly={readOnly} value={typed ?? name} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={() => {
        if (typed !== null) onName(typed.trim());
        setTyped(null);
      }} />
      <NativeSelect size="xs" w={96} aria-label={`${words.type}: ${name}`} disabled={readOnly} value={type} data={[...TYPES]} onChange={(event) => with_({ type: event.currentTarget.value })} />
      <NativeSelect size="xs" w={130} aria-label={`${words.trust}: ${name}`} disabled={readOnly} value={input.trust ?? ''} data={[{ value: '', label: words.trustUnsaid }, { value: 'trusted', label: words.trusted }, { value: 'untrusted', label: words.fromOutside }]} onChange={(event) => with_({ trust: event.currentTarget.value || undefined })} />
      <Checkbox size="xs" label={words.required} aria-label={`${words.required}: ${name}`} disabled={readOnly} checked={isRequired(input)} onChange={(event) => with_({ required: event.currentTarget.checked === (input.default === undefined) ? undefined : event.currentTarget.checked })} />
      <TextInput size="xs" w={150} placeholder={words.default} aria-label={`${words.default}: ${name}`} readOnly={readOnly} value={shown} onChange={(event) => with_({ default: defaultOf(event.currentTarget.value, type) })} />
      <TextInput size="xs" className={classes.grow} placeholder={words.description} aria-label={`${words.description}: ${name}`} readOnly={readOnly} value={input.description ?? ''} onChange={(event) => with_({ description: event.currentTarget.value || undefined })} />
      {!readOnly && <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(name)} onClick={onRemove}><IconTrash size={15} /></ActionIcon>}
    </li>
  );
}
