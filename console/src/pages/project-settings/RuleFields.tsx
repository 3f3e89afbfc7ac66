/** The settings of one rule. */
import { Button, MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { RulesIn } from '@/api/schema';
import { strings } from '@/strings';
import type { Rule } from './rules';
import classes from './settings.module.css';

const words = strings.projectSettings.environments;
const fields = words.fields;
const DAYS = Object.entries(words.days).map(([value, label]) => ({ value, label }));

export interface RuleFieldsProps {
  readonly rule: Rule;
  readonly project: string;
  readonly rules: RulesIn;
  readonly others: readonly string[];
  readonly onChange: (change: Partial<RulesIn>) => void;
}

export function RuleFields({ rule, project, rules, others, onChange }: RuleFieldsProps) {
  if (rule === 'freeze') return <Freeze rules={rules} onChange={onChange} />;
  if (rule === 'windows') return <Windows rules={rules} onChange={onChange} />;
  if (rule === 'works_on') return <WorksOn project={project} rules={rules} onChange={onChange} />;
  if (rule === 'max_prompts') return <NumberInput label={fields.prompts} min={1} value={rules.max_prompts?.prompts ?? 1} onChange={(value) => onChange({ max_prompts: { prompts: Number(value) || 1 } })} />;
  if (rule === 'max_tier') {
    return <Select label={fields.tier} allowDeselect={false} value={rules.max_tier?.tier ?? 'medium'} data={Object.entries(words.tiers).map(([value, label]) => ({ value, label }))} onChange={(tier) => onChange({ max_tier: { tier: tier === 'low' ? 'low' : 'medium' } })} />;
  }
  if (rule === 'only_from') return <Select label={fields.environment} allowDeselect={false} value={rules.only_from?.environment ?? null} data={[...others]} onChange={(environment) => onChange({ only_from: { environment: environment ?? '' } })} />;
  if (rule === 'ticket_required') {
    return <TextInput label={fields.pattern} placeholder="OPS-\d+|CHG\d{7}" value={rules.ticket_required?.pattern ?? ''} onChange={(event) => onChange({ ticket_required: event.currentTarget.value === '' ? {} : { pattern: event.currentTarget.value } })} />;
  }
  const soak = rules.min_minutes_in ?? { environment: '', minutes: 60 };
  return (
    <div className={classes.line}>
      <Select label={fields.environment} allowDeselect={false} value={soak.environment} data={[...others]} onChange={(environment) => onChange({ min_minutes_in: { ...soak, environment: environment ?? '' } })} />
      <NumberInput label={fields.minutes} min={1} value={soak.minutes} onChange={(value) => onChange({ min_minutes_in: { ...soak, minutes: Number(value) || 1 } })} />
    </div>
  );
}

type Part = Pick<RuleFieldsProps, 'rules' | 'onChange'>;

/** A moment as `<input type="datetime-local">` has it, in the viewer's zone. */
const local = (at: string | null | undefined): string => {
  if (!at) return '';
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
const moment = (text: string): string | undefined => (text === '' ? undefined : new Date(text).toISOString());

function Freeze({ rules, onChange }: Part) {
  const periods = rules.freeze?.periods ?? [];
  const put = (at: number, change: Partial<(typeof periods)[number]>): void => onChange({ freeze: { periods: periods.map((one, index) => (index === at ? { ...one, ...change } : one)) } });
  return (
    <>
      {periods.map((one, at) => (
        <div key={at} className={classes.line}>
          <TextInput type="datetime-local" label={fields.from} value={local(one.from)} onChange={(event) => put(at, { from: moment(event.currentTarget.value) })} />
          <TextInput type="datetime-local" label={fields.until} value={local(one.until)} onChange={(event) => put(at, { until: moment(event.currentTarget.value) })} />
          <TextInput label={fields.reason} required withAsterisk={false} value={one.reason} onChange={(event) => put(at, { reason: event.currentTarget.value })} />
          {periods.length > 1 && <Button variant="subtle" onClick={() => onChange({ freeze: { periods: periods.filter((_, index) => index !== at) } })}>{fields.remove}</Button>}
        </div>
      ))}
      <div><Button size="xs" variant="default" onClick={() => onChange({ freeze: { periods: [...periods, { reason: '' }] } })}>{fields.addPeriod}</Button></div>
    </>
  );
}

function Windows({ rules, onChange }: Part) {
  const open = rules.windows?.open ?? [];
  const put = (at: number, change: Partial<(typeof open)[number]>): void => onChange({ windows: { open: open.map((one, index) => (index === at ? { ...one, ...change } : one)) } });
  return (
    <>
      {open.map((one, at) => (
        <div key={at} className={classes.line}>
          <MultiSelect label={fields.days} style={{ flexBasis: '100%' }} data={DAYS} value={one.days} onChange={(days) => put(at, { days: days as typeof one.days })} />
          <TextInput label={fields.from} placeholder="09:00" value={one.from} onChange={(event) => put(at, { from: event.currentTarget.value })} />
          <TextInput label={fields.to} placeholder="17:00" value={one.to} onChange={(event) => put(at, { to: event.currentTarget.value })} />
          <TextInput label={fields.zone} value={one.zone} onChange={(event) => put(at, { zone: event.currentTarget.value })} />
          {open.length > 1 && <Button variant="subtle" onClick={() => onChange({ windows: { open: open.filter((_, index) => index !== at) } })}>{fields.remove}</Button>}
        </div>
      ))}
      <div><Button size="xs" variant="default" onClick={() => onChange({ windows: { open: [...open, { days: ['sat'], from: '09:00', to: '12:00', zone: open[0]?.zone ?? 'UTC' }] } })}>{fields.addWindow}</Button></div>
    </>
  );
}

function WorksOn({ project, rules, onChange }: Part & { readonly project: string }) {
  const targets = useQuery({
    queryKey: projectKey(project, 'models', 'names'),
    queryFn: async () => (await data(api.GET('/api/v1/projects/{project}/models', { params: { path: { project }, query: { limit: 100 } } }))).items.map(({ name }) => name),
  });
  const now = rules.works_on ?? { targets: [] };
  return (
    <>
      <TagsInput label={fields.targets} data={targets.data ?? []} value={now.targets} onChange={(chosen) => onChange({ works_on: { ...now, targets: chosen } })} />
      <div className={classes.line}>
        <TextInput label={fields.suite} value={now.suite ?? ''} onChange={(event) => onChange({ works_on: { ...now, suite: event.currentTarget.value || undefined } })} />
        <NumberInput label={fields.atLeast} min={0} max={1} step={0.05} value={now.at_least ?? ''} onChange={(value) => onChange({ works_on: { ...now, at_least: value === '' ? undefined : Number(value) } })} />
      </div>
    </>
  );
}
