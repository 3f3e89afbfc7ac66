/** One question of the record: its help, its answer or the default it inherits, and what is wrong with it. */
import { Button, Group, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { FieldOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Coded } from '@/parts/Coded';
import { strings } from '@/strings';
import type { Json } from '../document';
import { FaultLine } from '../edit/ProblemList';
import classes from '../prompt.module.css';
import { naReason, naValue, originOf, shownValue, type DraftRecord, type Finding, type Shape } from './fields';
import { RecordValue } from './RecordValue';

const words = strings.prompt;

interface Props {
  readonly field: FieldOut;
  readonly record: DraftRecord;
  /** What this record itself says; undefined when it says nothing. */
  readonly own: Json | undefined;
  readonly findings: readonly Finding[];
  readonly onChange?: (value: Json | undefined) => void;
}

export function RecordField({ field, record, own, findings, onChange }: Props) {
  const origin = originOf(record, field.key);
  const effective = record.record[field.key] as Json | undefined;
  const inherited = own === undefined && effective !== undefined;
  const [answering, setAnswering] = useState(false);
  const na = naReason(own);
  const errors = findings.filter(({ severity }) => severity === 'error');
  const shape = field.type as unknown as Shape;
  const stop = (): void => {
    setAnswering(false);
    onChange?.(undefined);
  };
  return (
    <section className={classes.field} id={`record.${field.key}`} data-open={errors.length > 0 || undefined} aria-label={field.question}>
      <Group gap="xs" wrap="wrap">
        <h2>{field.question}</h2>
        <Chip title={`${field.id} · ${field.required.text}`}>{field.id}</Chip>
        {origin && origin.from !== 'record' && own === undefined && <Chip tone="idle" title={origin.file ?? undefined}>{words.inherited(words.origins[origin.from] ?? origin.from)}</Chip>}
      </Group>
      <Text size="sm" c="dimmed" mb={8}><Coded>{field.help}</Coded> {own === undefined && !inherited && <em>{words.example}: {shownValue(field.example as Json)}</em>}</Text>
      {na !== null ? (
        <Textarea autosize aria-label={words.naReason} description={words.naReason} value={na} readOnly={!onChange} onChange={(event) => onChange?.(naValue(event.currentTarget.value))} />
      ) : inherited && !answering ? (
        <Text size="sm" className={classes.text} style={{ fontFamily: 'inherit' }}>{shownValue(effective)}</Text>
      ) : (
        <RecordValue label={field.question} shape={shape} value={own ?? (answering ? effective : undefined)} onChange={onChange} />
      )}
      {findings.map((finding, at) => <FaultLine key={at} fault={{ ...finding, rule: '', line: 0, column: 0, start: null, end: null, message: `${finding.key.replaceAll('_', ' ')} ${finding.message}` }} />)}
      {onChange && (
        <Group gap="xs" mt={6}>
          {inherited && !answering && <Button size="compact-xs" variant="default" onClick={() => setAnswering(true)}>{words.ownAnswer}</Button>}
          {own !== undefined && na === null && <Button size="compact-xs" variant="subtle" color="gray" onClick={stop}>{words.useDefault}</Button>}
          {na !== null && <Button size="compact-xs" variant="subtle" onClick={stop}>{words.answerAfter}</Button>}
          {field.not_applicable !== 'never' && na === null && <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(naValue(''))}>{words.notApplicable}</Button>}
        </Group>
      )}
    </section>
  );
}
