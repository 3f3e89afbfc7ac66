/** A value of the record by its shape: text, choice, number, list, group, or names with values. */
import { ActionIcon, Button, Group, MultiSelect, NumberInput, SegmentedControl, Select, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { strings } from '@/strings';
import { changed, removed, type Json } from '../document';
import classes from '../prompt.module.css';
import type { Shape } from './fields';

const words = strings.prompt;

interface Props { readonly label: string; readonly shape: Shape; readonly value: Json | undefined; readonly onChange: ((value: Json | undefined) => void) | undefined; readonly titled?: boolean }

export function RecordValue({ label, shape, value, onChange, titled = false }: Props) {
  const readOnly = !onChange;
  const named = titled ? { label } : { 'aria-label': label };
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  switch (shape.type) {
    case 'person':
      return <TextInput {...named} maw={320} readOnly={readOnly} value={text} onChange={(event) => onChange?.(event.currentTarget.value || undefined)} />;
    case 'text':
      return (shape.max_length ?? 0) <= 200
        ? <TextInput {...named} readOnly={readOnly} value={text} onChange={(event) => onChange?.(event.currentTarget.value || undefined)} />
        : <Textarea {...named} autosize minRows={2} maxRows={14} readOnly={readOnly} value={text} onChange={(event) => onChange?.(event.currentTarget.value || undefined)} />;
    case 'choice':
      return <Select {...named} maw={320} readOnly={readOnly} data={shape.values.map((one) => ({ value: one, label: one.replaceAll('_', ' ') }))} value={text === '' ? null : text} clearable onChange={(next) => onChange?.(next ?? undefined)} />;
    case 'boolean':
      return (
        <div>
          {titled && <Text size="sm" fw={500}>{label}</Text>}
          <SegmentedControl size="xs" aria-label={label} readOnly={readOnly} value={value === true ? 'yes' : value === false ? 'no' : ''} data={[{ value: 'yes', label: words.yes }, { value: 'no', label: words.no }]} onChange={(next) => onChange?.(next === 'yes')} />
        </div>
      );
    case 'integer':
    case 'number':
      return <NumberInput {...named} maw={160} readOnly={readOnly} allowDecimal={shape.type === 'number'} min={shape.min} max={shape.max} value={typeof value === 'number' ? value : ''} onChange={(next) => onChange?.(typeof next === 'number' ? next : undefined)} />;
    case 'group':
      return <Members label={label} shape={shape} value={value} onChange={onChange} titled={titled} />;
    case 'named':
      return <Named label={label} shape={shape} value={value} onChange={onChange} />;
    case 'list':
      return <Items label={label} items={shape.items} value={value} onChange={onChange} titled={titled} />;
  }
}

const mapOf = (value: Json | undefined): Readonly<Record<string, Json>> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : {});

function put(map: Readonly<Record<string, Json>>, key: string, value: Json | undefined): Json | undefined {
  const next = Object.fromEntries(Object.entries({ ...map, [key]: value }).filter(([, item]) => item !== undefined)) as Record<string, Json>;
  return Object.keys(next).length === 0 ? undefined : next;
}

function Members({ label, shape, value, onChange, titled }: Props & { readonly shape: Extract<Shape, { type: 'group' }> }) {
  const map = mapOf(value);
  return (
    <div role="group" aria-label={label}>
      {titled && <Text size="sm" fw={500} mb={4}>{label}</Text>}
      <div className={classes.group}>
        {shape.members.map((member) => (
          <RecordValue key={member.key} titled label={member.key.replaceAll('_', ' ')} shape={member} value={map[member.key]} onChange={onChange && ((next) => onChange(put(map, member.key, next)))} />
        ))}
      </div>
    </div>
  );
}

function Named({ label, shape, value, onChange }: Props & { readonly shape: Extract<Shape, { type: 'named' }> }) {
  const map = mapOf(value);
  const free = (): string => {
    let name = 'name';
    for (let at = 2; name in map; at += 1) name = `name_${at}`;
    return name;
  };
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      {Object.entries(map).map(([name, item], at) => (
        <Group key={at} gap="xs" align="flex-end">
          <TextInput size="xs" aria-label={`${words.name} ${at + 1}`} defaultValue={name} readOnly={!onChange} onBlur={(event) => {
            const to = event.currentTarget.value.trim();
            if (to !== name && to !== '' && !(to in map)) onChange?.(Object.fromEntries(Object.entries(map).map(([key, one]) => [key === name ? to : key, one])));
          }} />
          <RecordValue label={name} shape={shape.values} value={item} onChange={onChange && ((next) => onChange(put(map, name, next)))} />
          {onChange && <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(name)} onClick={() => onChange(put(map, name, undefined))}><IconTrash size={15} /></ActionIcon>}
        </Group>
      ))}
      {onChange && <Button style={{ alignSelf: 'flex-start' }} size="compact-xs" variant="default" leftSection={<IconPlus size={13} />} onClick={() => onChange({ ...map, [free()]: shape.values.type === 'choice' ? (shape.values.values[0] ?? '') : '' })}>{words.addRow}</Button>}
    </Stack>
  );
}

function Items({ label, items, value, onChange, titled }: Omit<Props, 'shape'> & { readonly items: Shape }) {
  const list: readonly Json[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value as Json];
  const set = (next: readonly Json[]): void => onChange?.(next.length === 0 ? undefined : next);
  const named = titled ? { label } : { 'aria-label': label };
  if (items.type === 'choice') {
    return <MultiSelect {...named} readOnly={!onChange} data={items.values.map((one) => ({ value: one, label: one.replaceAll('_', ' ') }))} value={list.map(String)} onChange={set} />;
  }
  if (items.type === 'text' || items.type === 'person') {
    return <TagsInput {...named} description={words.oneEach} readOnly={!onChange} splitChars={[]} acceptValueOnBlur value={list.map(String)} onChange={set} />;
  }
  return (
    <Stack gap="sm" role="group" aria-label={label}>
      {titled && <Text size="sm" fw={500}>{label}</Text>}
      {list.map((item, at) => (
        <Group key={at} gap="xs" align="flex-start" wrap="nowrap">
          <div style={{ flex: 1, minWidth: 0 }}><RecordValue label={words.row(at + 1)} titled shape={items} value={item} onChange={onChange && ((next) => set(changed(list, at, next ?? {})))} /></div>
          {onChange && <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(words.row(at + 1))} onClick={() => set(removed(list, at))}><IconTrash size={15} /></ActionIcon>}
        </Group>
      ))}
      {onChange && <Button style={{ alignSelf: 'flex-start' }} size="compact-xs" variant="default" leftSection={<IconPlus size={13} />} onClick={() => set([...list, {}])}>{words.addRow}</Button>}
    </Stack>
  );
}
