/** A field for each declared variable, by its type. */
import { Badge, Group, Select, Stack, Text, Textarea } from '@mantine/core';
import { strings } from '@/strings';
import { isText, type Declared } from './inputs';

const words = strings.playground;

export interface VariablesProps {
  readonly declared: readonly Declared[];
  readonly typed: Readonly<Record<string, string>>;
  readonly wrong: ReadonlySet<string>;
  readonly onChange: (name: string, value: string) => void;
}

export function Variables({ declared, typed, wrong, onChange }: VariablesProps) {
  if (declared.length === 0) return <Text size="sm" c="dimmed">{words.noInputs}</Text>;
  return (
    <Stack gap="sm" role="group" aria-label={words.inputs}>
      {declared.map((one) => {
        const label = (
          <Group component="span" gap={6} display="inline-flex">
            {one.name}
            {!isText(one.type) && <Text span size="xs" c="dimmed">{`${one.type}, ${words.asJson}`}</Text>}
            {one.untrusted && <Badge component="span" size="xs" variant="default" tt="none">{words.untrusted}</Badge>}
          </Group>
        );
        const shared = { label, description: one.description || undefined, placeholder: one.fallback === undefined ? undefined : String(typeof one.fallback === 'string' ? one.fallback : JSON.stringify(one.fallback)) };
        if (one.type === 'boolean') {
          return <Select key={one.name} {...shared} clearable={!one.required} data={['true', 'false']} value={typed[one.name] || null} onChange={(value) => onChange(one.name, value ?? '')} />;
        }
        return (
          <Textarea
            key={one.name} {...shared} autosize minRows={isText(one.type) && one.required ? 3 : 1} maxRows={12} required={one.required} withAsterisk={false}
            value={typed[one.name] ?? ''} onChange={(event) => onChange(one.name, event.currentTarget.value)} error={wrong.has(one.name) ? words.badJson : undefined}
          />
        );
      })}
    </Stack>
  );
}
