/** What the answer should look like, and the tools the model may ask for: JSON, checked while it is typed. */
import { NativeSelect, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { CodeEditor } from '@/parts/code/CodeEditor';
import { strings } from '@/strings';
import { withKey, type Json, type PromptDoc } from '../document';
import { faultsAt, type Fault } from '../problems';
import { FaultLine } from './ProblemList';
import type { Change } from './PromptForm';

const words = strings.prompt;
const SCHEMA: Json = { name: 'answer', strict: true, schema: { type: 'object', properties: { label: { type: 'string' } }, required: ['label'], additionalProperties: false } };

export function AnswerForm({ doc, faults, onChange }: { readonly doc: PromptDoc; readonly faults: readonly Fault[]; readonly onChange: Change | undefined }) {
  const format = doc.responseFormat ?? 'text';
  const choose = (value: string): void => onChange?.((now) => {
    const next = withKey(now, 'responseFormat', value === 'text' ? undefined : value);
    if (value === 'json_schema') return next.jsonSchema === undefined ? { ...next, jsonSchema: SCHEMA } : next;
    return withKey(next, 'jsonSchema', undefined);
  });
  return (
    <Stack gap="sm">
      <NativeSelect maw={260} label={words.format} disabled={!onChange} value={format} data={Object.entries(words.formats).map(([value, label]) => ({ value, label }))} onChange={(event) => choose(event.currentTarget.value)} />
      {doc.jsonSchema !== undefined && <div id="jsonSchema"><Text size="sm" fw={500} mb={4}>{words.schema}</Text><JsonEditor label={words.schema} value={doc.jsonSchema} onValue={onChange && ((value) => onChange((now) => withKey(now, 'jsonSchema', value)))} /></div>}
      <div id="tools">
        <Text size="sm" fw={500}>{words.tools}</Text>
        <Text size="sm" c="dimmed" mb={4}>{words.toolsHint}</Text>
        <JsonEditor label={words.tools} value={(doc.tools ?? []) as Json} onValue={onChange && ((value) => onChange((now) => withKey(now, 'tools', value)))} />
      </div>
      {['responseFormat', 'jsonSchema', 'tools'].flatMap((key) => faultsAt(faults, key)).map((fault, at) => <FaultLine key={at} fault={fault} />)}
    </Stack>
  );
}

/** JSON as text; while it is no JSON the last valid value stays and the place is underlined. */
export function JsonEditor({ label, value, onValue }: { readonly label: string; readonly value: Json; readonly onValue: ((value: Json) => void) | undefined }) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = useMemo(() => (typeof value === 'string' ? value : JSON.stringify(value, null, 2)), [value]);
  const fault = useMemo(() => wrongIn(typed ?? shown), [typed, shown]);
  return (
    <>
      <CodeEditor label={label} language="json" value={typed ?? shown} readOnly={!onValue} problems={fault === null ? [] : [{ ...fault, severity: 'error' }]} onChange={(text) => {
        setTyped(text);
        if (wrongIn(text) === null) onValue?.(JSON.parse(text) as Json);
      }} />
      {fault !== null && <Text size="sm" c="var(--bad)" mt={4}>{words.schemaWrong}</Text>}
    </>
  );
}

/** Where a text stops being JSON; null when it is. */
export function wrongIn(text: string): { from: number; to: number; message: string } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    const at = Math.min(Number(/position (\d+)/.exec(message)?.[1] ?? text.length), text.length);
    return { from: Math.max(0, at - 1), to: Math.min(text.length, at + 1), message };
  }
}
