/** Asking for an exception: which rule, where, for how long, why, and what makes up for it. */
import { Autocomplete, Group, Modal, NumberInput, Select, Stack, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { DialogFoot } from '@/parts/DialogFoot';
import { PlaceField } from '@/parts/PlaceField';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';

const words = strings.compliance.exceptions;
const DAY_MS = 86_400_000;

export interface AskExceptionProps {
  readonly project: string;
  /** The rule and the place that are filled in already. */
  readonly start: { readonly rule: string; readonly scope: string };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function AskException({ project, start, onClose, onDone }: AskExceptionProps) {
  useFocusBack();
  const [form, setForm] = useState({ ...start, environment: '', reason: '', control: '', days: 30 });
  const [now] = useState(() => Date.now());
  const put = (change: Partial<typeof form>): void => setForm((before) => ({ ...before, ...change }));
  const fields = useQuery({ queryKey: ['record', 'fields'], staleTime: Infinity, queryFn: () => data(api.GET('/api/v1/record/fields')) }).data?.fields ?? [];
  const environments = useQuery({
    queryKey: projectKey(project, 'environments', 'list'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } })),
  }).data?.items ?? [];
  const rules = [...new Set(['review.overdue', ...environments.flatMap(({ rules: set }) => Object.keys(set).map((name) => `rule.${name}`)), ...fields.map(({ key }) => `record.${key}`)])];
  const ask = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/exceptions', { params: { path: { project } }, body: { ...form, rule: form.rule.trim(), scope: form.scope.trim(), environment: form.environment || undefined } })),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.ask} size="lg">
      <form onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}>
        <Stack>
          <Autocomplete label={words.rule} description={words.ruleHelp} required data-autofocus openOnFocus={false} maxLength={100} value={form.rule} data={rules} limit={60} maxDropdownHeight={240} onChange={(rule) => put({ rule })} />
          <PlaceField project={project} modules label={words.scope} description={words.scopeHelp} value={form.scope} onChange={(scope) => put({ scope })} />
          <Group grow align="start">
            <Select label={words.environment} placeholder={words.everywhere} clearable value={form.environment || null} data={environments.map(({ name }) => name)} onChange={(environment) => put({ environment: environment ?? '' })} />
            <NumberInput label={words.days} description={words.until(new Date(now + form.days * DAY_MS))} inputWrapperOrder={['label', 'input', 'description']} min={1} max={90} allowDecimal={false} value={form.days} onChange={(value) => put({ days: Number(value) || 1 })} />
          </Group>
          <Textarea label={words.reason} description={words.atLeast(form.reason.trim().length)} required autosize minRows={2} maxLength={4000} value={form.reason} onChange={(event) => put({ reason: event.currentTarget.value })} />
          <Textarea label={words.control} description={words.atLeast(form.control.trim().length)} required autosize minRows={2} maxLength={4000} value={form.control} onChange={(event) => put({ control: event.currentTarget.value })} />
          <Refusal fault={ask.error} />
          <DialogFoot onCancel={onClose} loading={ask.isPending}>{words.ask}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
