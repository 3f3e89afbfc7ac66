/** Variants beside the prompt itself: where a family of models gets other words or parameters, the differences are marked. */
import { Autocomplete, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { Extension } from '@codemirror/state';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { SideBySide } from '@/parts/code/SideBySide';
import { strings } from '@/strings';
import { changed, listOf, withKey, type Message, type PromptDoc, type Variant } from '../document';
import { faultsAt, type Fault } from '../problems';
import classes from '../prompt.module.css';
import { Messages } from './Messages';
import { Parameters } from './Parameters';
import { FaultLine } from './ProblemList';
import type { Change } from './PromptForm';

const words = strings.prompt;
const FAMILIES = ['gpt', 'claude', 'gemini', 'llama', 'mistral', 'qwen', 'deepseek', 'gemma', 'phi', 'smollm'];

interface Props { readonly doc: PromptDoc; readonly faults: readonly Fault[]; readonly kit: Extension; readonly onChange: Change | undefined }

export function Variants({ doc, faults, kit, onChange }: Props) {
  const [adding, setAdding] = useState('');
  const variants = Object.entries(doc.variants ?? {});
  const put = (name: string, how: (variant: Variant) => Variant): void => onChange?.((now) => ({ ...now, variants: { ...now.variants, [name]: how(now.variants?.[name] ?? {}) } }));
  const add = (): void => {
    const name = adding.trim();
    if (name !== '' && !(name in (doc.variants ?? {}))) put(name, () => ({ messages: listOf(doc.messages) }));
    setAdding('');
  };
  return (
    <Stack gap="lg" id="variants">
      {variants.length === 0 && <Text size="sm" c="dimmed">{words.variantsNone}</Text>}
      {variants.map(([name, variant]) => (
        <section key={name} aria-label={words.variant(name)} id={`variants.${name}`}>
          <Group mb={8} gap="xs">
            <Text fw={600}>{name}</Text>
            {onChange && <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconTrash size={14} />} onClick={() => onChange((now) => withKey(now, 'variants', Object.fromEntries(Object.entries(now.variants ?? {}).filter(([other]) => other !== name))))}>{words.removeNamed(name)}</Button>}
          </Group>
          <VariantForm name={name} variant={variant ?? {}} doc={doc} faults={faultsAt(faults, `variants.${name}`)} kit={kit} onVariant={onChange && ((how) => put(name, how))} />
        </section>
      ))}
      {onChange && (
        <Group gap="xs" align="flex-end">
          <Autocomplete size="xs" label={words.variantFor} data={FAMILIES.filter((family) => !(family in (doc.variants ?? {})))} value={adding} onChange={setAdding} />
          <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} disabled={adding.trim() === ''} onClick={add}>{words.addVariant}</Button>
        </Group>
      )}
    </Stack>
  );
}

interface FormProps { readonly name: string; readonly variant: Variant; readonly doc: PromptDoc; readonly faults: readonly Fault[]; readonly kit: Extension; readonly onVariant: ((how: (variant: Variant) => Variant) => void) | undefined }

function VariantForm({ name, variant, doc, faults, kit, onVariant }: FormProps) {
  const base = doc.modelParameters ?? {};
  const own = variant.messages !== undefined && variant.messages !== null;
  const messages = listOf(variant.messages);
  const set = (how: (messages: readonly Message[]) => readonly Message[]): void => onVariant?.((now) => ({ ...now, messages: how(listOf(now.messages)) }));
  const sameShape = messages.length === listOf(doc.messages).length && messages.every((message, at) => message.role === doc.messages?.[at]?.role && typeof message.content === 'string' && typeof doc.messages?.[at]?.content === 'string');
  return (
    <Stack gap="xs">
      <TextInput size="xs" maw={360} label={words.variantModel} readOnly={!onVariant} value={variant.model ?? ''} onChange={(event) => {
        const model = event.currentTarget.value;
        onVariant?.((now) => withKey(now as PromptDoc, 'model', model) as Variant);
      }} />
      <Parameters values={variant.modelParameters ?? {}} differs={(key) => JSON.stringify(base[key]) !== JSON.stringify(variant.modelParameters?.[key])} onChange={onVariant && ((values) => onVariant((now) => withKey(now as PromptDoc, 'modelParameters', values) as Variant))} />
      {!own && <Group gap="xs"><Text size="sm" c="dimmed">{words.variantShared}</Text>{onVariant && <Button size="compact-xs" variant="default" onClick={() => onVariant((now) => ({ ...now, messages: listOf(doc.messages) }))}>{words.variantOwn}</Button>}</Group>}
      {own && sameShape && messages.map((message, at) => (
        <div key={at} id={`variants.${name}.messages[${at}]`}>
          <div className={classes.sides}><span>{`${words.base} · ${message.role ?? ''}`}</span><span>{words.variant(name)}</span></div>
          <SideBySide
            before={doc.messages?.[at]?.content as string} after={message.content as string}
            labels={[`${words.base}, ${words.message(at + 1, message.role ?? '')}`, `${words.variant(name)}, ${words.message(at + 1, message.role ?? '')}`]}
            {...(onVariant ? { onChange: (content: string) => set((now) => changed(now, at, { ...(now[at] ?? {}), content })) } : {})}
          />
        </div>
      ))}
      {own && !sameShape && <Messages name={`variants.${name}.messages`} messages={messages} faults={faults} kit={kit} {...(onVariant ? { onChange: set } : {})} />}
      {own && sameShape && faults.map((fault, at) => <FaultLine key={at} fault={fault} />)}
      {own && onVariant && <Button style={{ alignSelf: 'flex-start' }} size="compact-xs" variant="subtle" onClick={() => onVariant((now) => withKey(now as PromptDoc, 'messages', undefined) as Variant)}>{words.variantBack}</Button>}
    </Stack>
  );
}
