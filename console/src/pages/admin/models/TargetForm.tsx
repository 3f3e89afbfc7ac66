/** Adds or changes a model target; asks what its provider asks for. */
import { Drawer, Group, NumberInput, Select, Stack, Switch, TagsInput, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { queries } from '@/api/queries';
import type { TargetOut } from '@/api/schema';
import { DialogFoot } from '@/parts/DialogFoot';
import { Waiting } from '@/parts/Page';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { useProjectNames } from '../choices';
import { KeyFields } from './KeyFields';
import { TARGETS, providersQuery } from './keys';
import { bodyOf, draftOf, emptyDraft, type Draft } from './draft';

const words = strings.admin.models;
const FIELDS = ['name', 'provider', 'model', 'base_url', 'credential', 'data_class', 'projects', 'catalogue_id', 'region', 'budget_month', 'limits.concurrency', 'limits.requests_per_minute', 'limits.tokens_per_minute'];


export interface TargetFormProps {
  /** The target to change, with the tag of what was read. */
  readonly target?: TargetOut;
  readonly tag?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly onClose: () => void;
}

export function TargetForm({ target, tag, provider, model, onClose }: TargetFormProps) {
  useFocusBack();
  const known = useQuery(providersQuery);
  const [draft, setDraft] = useState<Draft>(() => (target ? draftOf(target) : emptyDraft(provider ?? 'openai', model)));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const projects = useProjectNames();
  const providers = known.data?.items ?? [];
  const kind = providers.find((one) => one.name === draft.provider);
  const save = useMutation({
    mutationFn: () => {
      const body = bodyOf(draft, kind?.options.map((option) => option.name) ?? []);
      return target
        ? data(api.PUT('/api/v1/models/{name}', { params: { path: { name: target.name } }, headers: tag === undefined ? {} : ifMatch(tag), body }))
        : data(api.POST('/api/v1/models', { body: { ...body, name: draft.name.trim() } }));
    },
    onSuccess: async () => { await queries.invalidateQueries({ queryKey: TARGETS }); onClose(); },
  });
  useFocusWrong(save.error);
  const wrong = fieldFaults(save.error, [...FIELDS, ...(kind?.options ?? []).map((option) => `options.${option.name}`)], target ? {} : { 'name-taken': 'name', conflict: 'name' });
  const text = (key: 'model' | 'catalogueId' | 'baseUrl' | 'region') => ({ value: draft[key], onChange: (event: { currentTarget: { value: string } }) => set({ [key]: event.currentTarget.value }) });
  const number = (key: 'concurrency' | 'perMinute' | 'tokensPerMinute' | 'budget') => ({ value: draft[key], onChange: (value: number | string) => set({ [key]: value }), min: 0 });
  return (
    <Drawer opened onClose={onClose} position="right" size={520} title={target ? words.editTitle(target.name) : words.addTitle}>
      {!known.data && !known.error && <Waiting />}
      <Refusal fault={known.error} />
      {known.data && (
        <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
          <Stack>
            {!target && <TextInput label={words.targetName} description={words.targetNameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={100} data-autofocus value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} />}
            <Select label={words.provider} error={wrong.at.provider} searchable allowDeselect={false} data={providers.map((one) => ({ value: one.name, label: one.title }))} value={draft.provider} onChange={(value) => set({ provider: value ?? draft.provider })} />
            <TextInput label={words.modelId} error={wrong.at.model} description={words.modelIdHelp} required withAsterisk={false} maxLength={200} {...text('model')} />
            <TextInput label={words.baseUrl} error={wrong.at.base_url} description={words.baseUrlHelp(kind?.base_url ?? '')} maxLength={1000} {...text('baseUrl')} />
            {kind && kind.options.length > 0 && <Text component="h3" fw={600} size="sm" mt="xs">{words.options(kind.title)}</Text>}
            {kind?.options.map((option) => (
              <TextInput
                key={option.name} label={option.name} error={wrong.at[`options.${option.name}`]} required={option.required} withAsterisk={false}
                description={[option.help, option.default === '' ? '' : words.defaultsTo(option.default)].filter(Boolean).join(' · ')}
                value={draft.options[option.name] ?? ''} onChange={(event) => set({ options: { ...draft.options, [option.name]: event.currentTarget.value } })}
              />
            ))}
            <Text component="h3" fw={600} size="sm" mt="xs">{words.keySection}</Text>
            <KeyFields draft={draft} set={set} keeps={target !== undefined} error={wrong.at.credential} />
            <Text component="h3" fw={600} size="sm" mt="xs">{words.useSection}</Text>
            <Select label={words.dataClass} error={wrong.at.data_class} allowDeselect={false} data={known.data.data_classes.map((value) => ({ value, label: value.replaceAll('_', ' ') }))} value={draft.dataClass} onChange={(value) => set({ dataClass: value ?? draft.dataClass })} />
            <TagsInput label={words.projectList} description={words.projectListHelp} error={wrong.at.projects} data={projects} value={[...draft.projects]} onChange={(chosen) => set({ projects: chosen })} />
            <Select label={words.aliasLabel} description={words.aliasLabelHelp} allowDeselect={false} data={Object.entries(words.aliases).map(([value, label]) => ({ value, label }))} value={draft.alias === null ? 'auto' : draft.alias ? 'yes' : 'no'} onChange={(value) => set({ alias: value === 'yes' ? true : value === 'no' ? false : null })} />
            <TextInput label={words.catalogueId} error={wrong.at.catalogue_id} description={words.catalogueIdHelp} maxLength={200} {...text('catalogueId')} />
            <TextInput label={words.region} error={wrong.at.region} maxLength={60} {...text('region')} />
            <Switch label={words.enabled} checked={draft.enabled} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
            <Text component="h3" fw={600} size="sm" mt="xs">{words.limits}</Text>
            <NumberInput label={words.budgetMonth} error={wrong.at.budget_month} description={words.unlimited} decimalScale={6} {...number('budget')} />
            <Group grow align="end">
              <NumberInput label={words.concurrency} error={wrong.at['limits.concurrency']} {...number('concurrency')} min={1} />
              <NumberInput label={words.perMinute} error={wrong.at['limits.requests_per_minute']} {...number('perMinute')} min={1} />
              <NumberInput label={words.tokensPerMinute} error={wrong.at['limits.tokens_per_minute']} {...number('tokensPerMinute')} min={1} />
            </Group>
            {wrong.rest === null && save.error && <Text size="sm" c="var(--bad)" role="alert">{words.seeAbove}</Text>}
            <Refusal fault={wrong.rest} />
            <DialogFoot onCancel={onClose} loading={save.isPending}>{target ? words.saveVerb : words.addVerb}</DialogFoot>
          </Stack>
        </form>
      )}
    </Drawer>
  );
}
