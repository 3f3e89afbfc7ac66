/** Values to try a prompt with: by type, from a test case, or typed. */
import { NativeSelect, NumberInput, Stack, Switch, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { strings } from '@/strings';
import type { Input, Json } from '../document';
import { isRequired } from '../template';

const words = strings.prompt;
type Values = Readonly<Record<string, Json | undefined>>;

interface Props { readonly inputs: Readonly<Record<string, Input>>; readonly values: Values; readonly cases: readonly Values[]; readonly onValues: (values: Values | null) => void }

export function ValuesForm({ inputs, values, cases, onValues }: Props) {
  const [from, setFrom] = useState('');
  const names = Object.keys(inputs);
  if (names.length === 0) return <Text size="sm" c="dimmed">{words.noVariables}</Text>;
  const choose = (value: string): void => {
    setFrom(value);
    if (value === '') onValues(null);
    else if (value !== 'own') onValues(Object.fromEntries(names.map((name) => [name, cases[Number(value)]?.[name]])));
  };
  return (
    <Stack gap="xs">
      <NativeSelect size="xs" maw={240} label={words.tryValues} value={from} onChange={(event) => choose(event.currentTarget.value)} data={[
        { value: '', label: words.examples }, ...cases.slice(0, 50).map((_, at) => ({ value: String(at), label: words.caseOf(at + 1) })), ...(from === 'own' ? [{ value: 'own', label: words.ownValues }] : []),
      ]} />
      {names.map((name) => (
        <ValueField key={name} name={name} input={inputs[name] ?? {}} value={values[name]} onValue={(value) => {
          setFrom('own');
          onValues({ ...values, [name]: value });
        }} />
      ))}
    </Stack>
  );
}

interface FieldProps { readonly name: string; readonly input: Input; readonly value: Json | undefined; readonly onValue: (value: Json | undefined) => void }

export function ValueField({ name, input, value, onValue }: FieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const common = { label: name, size: 'xs' as const, description: input.description, required: isRequired(input), withAsterisk: isRequired(input) };
  if (input.type === 'boolean') return <Switch size="xs" label={name} description={input.description} checked={value === true} onChange={(event) => onValue(event.currentTarget.checked)} />;
  if (input.type === 'number' || input.type === 'integer') {
    return <NumberInput {...common} maw={240} allowDecimal={input.type === 'number'} value={typeof value === 'number' ? value : ''} onChange={(next) => onValue(typeof next === 'number' ? next : undefined)} />;
  }
  if (input.type === 'array' || input.type === 'object') {
    const text = typed ?? (value === undefined ? '' : JSON.stringify(value, null, 2));
    let bad = false;
    try {
      if (text !== '') JSON.parse(text);
    } catch {
      bad = true;
    }
    return (
      <Textarea {...common} autosize maxRows={10} error={bad ? words.schemaWrong : undefined} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} value={text} onChange={(event) => {
        const said = event.currentTarget.value;
        setTyped(said);
        try {
          onValue(said === '' ? undefined : (JSON.parse(said) as Json));
        } catch {
          // Not JSON yet: the last valid value stays.
        }
      }} />
    );
  }
  return <Textarea {...common} autosize minRows={1} maxRows={8} value={typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)} onChange={(event) => onValue(event.currentTarget.value === '' ? undefined : event.currentTarget.value)} />;
}
