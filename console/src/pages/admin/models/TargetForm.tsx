/** Adds or changes a model target; asks what its provider asks for. */
import { Button, Drawer, Group, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { TargetOut } from '@/api/schema';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { KeyFields } from './KeyFields';
import { TARGETS, providersQuery } from './keys';
import { bodyOf, draftOf, emptyDraft, type Draft } from './draft';

const words = strings.admin.models;

export interface TargetFormProps {
  readonly target?: TargetOut;
  readonly provider?: string;
  readonly model?: string;
  readonly onClose: () => void;
}

export function TargetForm({ target, provider, model, onClose }: TargetFormProps) {
  const known = useQuery(providersQuery);
  const [draft, setDraft] = useState<Draft>(() => (target ? draftOf(target) : emptyDraft(provider ?? 'openai', model)));
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const providers = known.data?.items ?? [];
  const kind = providers.find((one) => one.name === draft.provider);
  const save = useMutation({
    mutationFn: () => {
      const body = bodyOf(draft, kind?.options.map((option) => option.name) ?? []);
      return target
        ? data(api.PUT('/api/v1/models/{name}', { params: { path: { name: target.name } }, body }))
        : data(api.POST('/api/v1/models', { body: { ...body, name: draft.name.trim() } }));
    },
    onSuccess: async () => { await queries.invalidateQueries({ queryKey: TARGETS }); onClose(); },
  });
  const text = (key: 'model' | 'catalogueId' | 'baseUrl' | 'region' | 'projects') => ({ value: draft[key], onChange: (event: { currentTarget: { value: string } }) => set({ [key]: event.currentTarget.value }) });
  const number = (key: 'concurrency' | 'perMinute' | 'tokensPerMinute' | 'budget') => ({ value: draft[key], onChange: (value: number | string) => set({ [key]: value }), min: 0 });
  return (
    <Drawer opened onClose={onClose} position="right" size={520} title={target ? words.editTitle(target.name) : words.addTitle}>
      {!known.data && !known.error && <Waiting />}
      <Refusal fault={known.error} />
      {known.data && (
        <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
          <Stack>
            {!target && <TextInput label={words.targetName} description={words.targetNameHelp} required withAsterisk={false} maxLength={100} data-autofocus value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} />}
            <Select label={words.provider} searchable allowDeselect={false} data={providers.map((one) => ({ value: one.name, label: one.title }))} value={draft.provider} onChange={(value) => set({ provider: value ?? draft.provider })} />
            <TextInput label={words.modelId} description={words.modelIdHelp} required withAsterisk={false} maxLength={200} {...text('model')} />
            <TextInput label={words.baseUrl} description={words.baseUrlHelp(kind?.base_url ?? '')} maxLength={1000} {...text('baseUrl')} />
            {kind && kind.options.length > 0 && <Text component="h3" fw={600} size="sm" mt="xs">{words.options(kind.title)}</Text>}
            {kind?.options.map((option) => (
              <TextInput
                key={option.name} label={option.name} required={option.required} withAsterisk={false}
                description={[option.help, option.default === '' ? '' : words.defaultsTo(option.default)].filter(Boolean).join(' · ')}
                value={draft.options[option.name] ?? ''} onChange={(event) => set({ options: { ...draft.options, [option.name]: event.currentTarget.value } })}
              />
            ))}
            <Text component="h3" fw={600} size="sm" mt="xs">{words.keySection}</Text>
            <KeyFields draft={draft} set={set} keeps={target !== undefined} />
            <Text component="h3" fw={600} size="sm" mt="xs">{words.useSection}</Text>
            <Select label={words.dataClass} allowDeselect={false} data={known.data.data_classes.map((value) => ({ value, label: value.replaceAll('_', ' ') }))} value={draft.dataClass} onChange={(value) => set({ dataClass: value ?? draft.dataClass })} />
            <TextInput label={words.projectList} description={words.projectListHelp} {...text('projects')} />
            <TextInput label={words.catalogueId} description={words.catalogueIdHelp} maxLength={200} {...text('catalogueId')} />
            <TextInput label={words.region} maxLength={60} {...text('region')} />
            <Switch label={words.enabled} checked={draft.enabled} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
            <Text component="h3" fw={600} size="sm" mt="xs">{words.limits}</Text>
            <NumberInput label={words.budgetMonth} description={words.unlimited} decimalScale={6} {...number('budget')} />
            <Group grow align="end">
              <NumberInput label={words.concurrency} {...number('concurrency')} min={1} />
              <NumberInput label={words.perMinute} {...number('perMinute')} min={1} />
              <NumberInput label={words.tokensPerMinute} {...number('tokensPerMinute')} min={1} />
            </Group>
            <Refusal fault={save.error} />
            <Button type="submit" loading={save.isPending}>{target ? words.saveVerb : words.addVerb}</Button>
          </Stack>
        </form>
      )}
    </Drawer>
  );
}
