/** Now or at a time, with the zone said; and the emergency that waits for no approval. */
import { Checkbox, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { forwardRef, useId } from 'react';
import { strings } from '@/strings';
import classes from '../sheets.module.css';
import { momentOf, nextHour, type Draft } from './draft';

const words = strings.sheets;

export interface WhenFieldsProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
}

export const WhenFields = forwardRef<HTMLInputElement, WhenFieldsProps>(function WhenFields({ draft, onChange }, ref) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const moment = momentOf(draft.at);
  const passed = moment !== null && new Date(moment) < new Date();
  return (
    <>
      <SegmentedControl
        size="xs" aria-label={words.when} value={draft.at === '' ? 'now' : 'later'} data={[{ value: 'now', label: words.now }, { value: 'later', label: words.later }]}
        onChange={(kind) => onChange(kind === 'now' ? { at: '' } : { at: nextHour(new Date()), incident: null })}
      />
      {draft.at !== '' && (
        <>
          <TextInput
            ref={ref} mt={10} maw={320} type="datetime-local" label={words.timeOf(zone)} value={draft.at} error={passed ? words.timePassed : undefined}
            description={moment === null ? undefined : words.inUtc(moment.slice(0, 16).replace('T', ' '))} onChange={(event) => event.currentTarget.value && onChange({ at: event.currentTarget.value })}
          />
          <Checkbox mt={10} label={words.onlyIfHead} checked={draft.onlyIfHead} onChange={(event) => onChange({ onlyIfHead: event.currentTarget.checked })} />
          <p className={classes.soft} style={{ margin: '8px 0 0' }}>{words.pinned}</p>
        </>
      )}
    </>
  );
});

export function EmergencyFields({ draft, onChange }: WhenFieldsProps) {
  const means = useId();
  const on = draft.incident !== null;
  const control = (
    <Switch
      color="red" label={words.emergency} checked={on} aria-describedby={on ? means : undefined}
      onChange={(event) => onChange(event.currentTarget.checked ? { incident: '', at: '' } : { incident: null })}
    />
  );
  if (!on) return control;
  return (
    <div className={classes.emergency}>
      {control}
      <p id={means} style={{ margin: 0, fontSize: 14, display: 'flex', gap: 8 }}><IconAlertTriangle size={18} color="var(--bad)" style={{ flex: 'none' }} aria-hidden />{words.emergencyMeans(draft.to)}</p>
      <TextInput label={words.incident} placeholder={words.incidentEmpty} required maxLength={200} maw={320} value={draft.incident ?? ''} onChange={(event) => onChange({ incident: event.currentTarget.value })} />
    </div>
  );
}
