/** The record: what is documented about the prompt. Asks what the tier asks for, says what is missing, and leads to each. */
import { Alert, Switch, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import type { VersionInHistory } from '@/api/schema';
import { TierChip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { withKey, type Json } from '../document';
import { liveOf } from '../facts';
import classes from '../prompt.module.css';
import type { DraftSession, DraftState } from '../session';
import { findingsOf, isAsked, type DraftRecord } from './fields';
import { RecordChanges } from './RecordChanges';
import { RecordField } from './RecordField';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly session: DraftSession; readonly state: DraftState; readonly editable: boolean; readonly versions: readonly VersionInHistory[] }

export function RecordTab({ project, path, session, state, editable, versions }: Props) {
  const fields = useQuery({ queryKey: ['record', 'fields'], staleTime: Infinity, queryFn: () => data(api.GET('/api/v1/record/fields')) });
  const [all, setAll] = useState(false);
  // While a file is being repaired its record cannot be judged: the last judgement stays in view.
  const [known, setKnown] = useState<DraftRecord | null>(null);
  const now = state.checked?.record ?? null;
  if (now !== null && now !== known) setKnown(now);
  const record = now ?? known;
  if (fields.error) return <Refusal fault={fields.error} />;
  if (!fields.data || state.doc === null) return <Waiting lines={8} />;
  if (record === null) return <Alert color="orange">{words.fileOnly}</Alert>;
  const own = state.doc.record ?? {};
  const errors = record.findings.filter(({ severity }) => severity === 'error');
  const remarks = record.findings.filter(({ severity }) => severity !== 'error');
  const shown = fields.data.fields.filter((field) => all || isAsked(field, record.judged_at, record.conditions) || field.key in own || findingsOf(errors, field.key).length > 0);
  const set = (key: string, value: Json | undefined): void => session.change((doc) => withKey(doc, 'record', { ...withKey((doc.record ?? {}) as never, key, value) }));
  const live = liveOf(versions);
  return (
    <div className={classes.record}>
      <div style={{ minWidth: 0 }}>
        {shown.map((field) => (
          <RecordField key={field.key} field={field} record={record} own={own[field.key]} findings={findingsOf(record.findings, field.key)} {...(editable ? { onChange: (value: Json | undefined) => set(field.key, value) } : {})} />
        ))}
        <Switch mt="lg" label={words.showUnasked} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
        {live.map(({ environment }) => <RecordChanges key={environment} project={project} path={path} environment={environment} />)}
      </div>
      <aside className={classes.recordSide} aria-label={words.recordMissing(errors.length)}>
        <TierChip tier={record.tier} />
        {record.tier_reasons.map((reason) => <Text key={reason} size="sm" c="dimmed" mt={4}>{reason}</Text>)}
        {record.tier === null && record.tier_missing.length > 0 && <Text size="sm" mt={4}>{words.tierUnknown} {record.tier_missing.join(', ').replaceAll('_', ' ')}</Text>}
        <Title order={2} size="h3" mt="md" mb={4}>{errors.length === 0 ? words.recordComplete : words.recordMissing(errors.length)}</Title>
        <ul className={classes.problems}>
          {errors.map((finding, at) => <li key={at}><Jump to={finding.key} text={`${finding.key.replaceAll('_', ' ')} ${finding.message}`} /></li>)}
        </ul>
        {remarks.length > 0 && <Text size="sm" fw={600} mt="md">{words.recordWarnings(remarks.length)}</Text>}
        <ul className={classes.problems}>
          {remarks.map((finding, at) => <li key={at}><Jump to={finding.key} text={`${finding.key.replaceAll('_', ' ')}: ${finding.message}`} /></li>)}
        </ul>
      </aside>
    </div>
  );
}

/** Leads to a field: into view, and the focus into its first part. */
function Jump({ to, text }: { readonly to: string; readonly text: string }) {
  const go = (): void => {
    const field = document.getElementById(`record.${to.split(/[.[]/)[0]}`);
    field?.scrollIntoView({ block: 'start' });
    field?.querySelector<HTMLElement>('input, textarea, select, button')?.focus();
  };
  return <button type="button" onClick={go}>{text}</button>;
}
