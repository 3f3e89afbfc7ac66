/** Publishing: what, where, what changes, what the gate says, whom it reaches, why, when; then the spread. */
import { Alert, Button } from '@mantine/core';
import { useCallbackRef } from '@mantine/hooks';
import { useMemo, useRef, useState } from 'react';
import { useEnvironments, type Environment } from '@/api/releases';
import { NoServer } from '@/api/problem';
import type { ScheduleAdded } from '@/api/schema';
import { Waiting } from '@/parts/Page';
import { strings } from '@/strings';
import { EnvironmentChoice } from '../EnvironmentChoice';
import { readPicks, writePicks } from '../picks';
import { Reach } from '../Reach';
import { hasReason, ReasonFields } from '../ReasonFields';
import { Section, SheetFrame } from '../SheetFrame';
import type { SheetProps } from '../Sheets';
import { Made } from '../Made';
import { isComplete, momentOf, type Choice, type Draft } from './draft';
import { Outlook } from './Outlook';
import { ScheduledNote } from './ScheduledNote';
import { usePreview, usePublish } from './usePublish';
import { Problem } from '../Problem';
import { useReleased } from '../useRollback';
import { EmergencyFields, WhenFields } from './WhenFields';
import { WhatFields } from './WhatFields';
import classes from '../sheets.module.css';

const words = strings.sheets;

export function PublishSheet(props: SheetProps) {
  const environments = useEnvironments(props.project);
  if (!environments) return <SheetFrame title={words.publish} close={props.close}><Waiting /></SheetFrame>;
  if (environments.length === 0) return <SheetFrame title={words.publish} close={props.close}><p className={classes.soft}>{words.noEnvironment}</p></SheetFrame>;
  return <Form {...props} environments={environments} />;
}

type Outcome = { readonly release: number; readonly environment: string } | { readonly schedule: ScheduleAdded } | null;

function Form({ project, prompts, to, in: source, change, close, environments }: SheetProps & { readonly environments: readonly Environment[] }) {
  const released = useReleased(project);
  const environment = environments.find(({ name }) => name === to) ?? (environments[0] as Environment);
  const [rest, setRest] = useState<Omit<Draft, 'to' | 'picks' | 'promoteFrom'>>({ module: '', prune: false, at: '', onlyIfHead: false, incident: null, reason: '', ticket: '' });
  const [outcome, setOutcome] = useState<Outcome>(null);
  const ticket = useRef<HTMLInputElement>(null);
  const time = useRef<HTMLInputElement>(null);
  const { module, prune } = rest;
  const choice = useMemo((): Choice => ({ to: environment.name, picks: readPicks(prompts), promoteFrom: source ?? null, module, prune }), [environment.name, prompts, source, module, prune]);
  const draft: Draft = { ...rest, ...choice };
  const preview = usePreview(project, environment.release, draft, outcome === null);
  const publish = usePublish(project);
  const update = useCallbackRef(({ to: where, picks, promoteFrom, ...others }: Partial<Draft>): void => {
    if (where !== undefined || picks !== undefined || promoteFrom !== undefined) {
      change({
        ...(where === undefined ? {} : { to: where, ...(where === source ? { in: undefined } : {}) }),
        ...(picks === undefined ? {} : { prompts: writePicks(picks) }),
        ...(promoteFrom === undefined ? {} : { in: promoteFrom ?? undefined }),
      });
    }
    if (Object.keys(others).length > 0) setRest((before) => ({ ...before, ...others }));
  });  const field = useCallbackRef((name: 'ticket' | 'when'): void => {
    if (name === 'ticket') ticket.current?.focus();
    else {
      update({ at: draft.at === '' ? momentField() : draft.at, incident: null });
      // The field appears with the time.
      setTimeout(() => time.current?.focus(), 50);
    }
  });

  if (outcome !== null && 'release' in outcome) {
    return <Made project={project} environment={outcome.environment} number={outcome.release} close={close} undo={(number) => change({ sheet: 'rollback', prompts: undefined, in: outcome.environment, to: `r${number}` })} />;
  }
  if (outcome !== null) return <ScheduledNote project={project} schedule={outcome.schedule} close={close} />;

  const ready = preview.data && !preview.isFetching && (preview.data.allowed || draft.at !== '') && preview.data.prompts.length > 0
    && hasReason(draft) && (draft.incident === null || draft.incident.trim() !== '');
  // No answer came: it may have happened. Asked again exactly as it was, it happens once, whatever is live by now.
  const unsure = publish.error instanceof NoServer && publish.variables !== undefined && JSON.stringify(publish.variables.draft) === JSON.stringify(draft) ? publish.variables : null;
  const send = (): void => {
    const asked = unsure ?? (preview.data && { draft, on: preview.data.on });
    if (!asked) return;
    publish.mutate(asked, {
      onSuccess: (made) => {
        setOutcome('unmet_now' in made ? { schedule: made } : { release: made.number, environment: draft.to });
        released();
      },
    });
  };
  const label = draft.incident !== null ? words.publishEmergency(draft.to) : momentOf(draft.at) !== null ? words.scheduleFor(draft.to) : words.publishTo(draft.to);
  return (
    <SheetFrame
      title={words.publishTo(draft.to)}
      danger={draft.incident !== null}
      close={close}
      foot={(
        <>
          <div className={classes.footSays} aria-live="polite">{footSays(draft, preview.data)}</div>
          <Button variant="default" onClick={close}>{strings.common.cancel}</Button>
          <Button color={draft.incident !== null ? 'red' : undefined} disabled={!ready && unsure === null} loading={publish.isPending} onClick={send}>{label}</Button>
        </>
      )}
    >
      <Section title={words.what}><WhatFields project={project} environments={environments} draft={choice} onChange={update} /></Section>
      <Section title={words.where}><EnvironmentChoice environments={environments} value={draft.to} onChange={(name) => update({ to: name })} /></Section>
      {isComplete(draft) ? <Outlook project={project} environment={environment} emergency={draft.incident !== null} data={preview.data} error={preview.error} isFetching={preview.isFetching} onField={field} /> : <Alert mt={18} variant="light" color="gray">{words.noPicks}</Alert>}
      <Section title={words.reach}><Reach project={project} environment={draft.to} /></Section>
      <Section title={words.why}><ReasonFields ref={ticket} why={draft} onChange={update} /></Section>
      <Section title={words.when}>
        <WhenFields ref={time} draft={draft} onChange={update} />
        {draft.promoteFrom === null && draft.at === '' && environment.approval_required && <div style={{ marginTop: 16 }}><EmergencyFields draft={draft} onChange={update} /></div>}
      </Section>
      {unsure !== null && <Alert mt={18} color="orange" role="alert">{words.unsure}</Alert>}
      <Problem fault={unsure === null ? publish.error : null} project={project} environment={draft.to} onAgain={() => { publish.reset(); void preview.refetch(); }} />
    </SheetFrame>
  );
}

function momentField(): string {
  const soon = new Date(Date.now() + 3_600_000);
  return new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function footSays(draft: Draft, preview: { readonly unmet: readonly unknown[]; readonly prompts: readonly unknown[] } | undefined): string {
  if (!isComplete(draft)) return words.noPicks;
  if (!preview) return '';
  if (preview.prompts.length === 0) return words.nothingChanges;
  if (preview.unmet.length > 0) return words.gate.count(preview.unmet.length);
  return [draft.incident === null ? words.gate.allMet : '', hasReason(draft) ? '' : words.reasonMissing].filter(Boolean).join(' ');
}
