/** Creating an environment: its name, whether it asks for approval, and its place in the order. */
import { Modal, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { EnvironmentOut } from '@/api/schema';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';

const words = strings.projectSettings.environments;

export interface CreateEnvironmentProps {
  readonly project: string;
  /** Those there are, in their order. */
  readonly others: readonly EnvironmentOut[];
  readonly onClose: () => void;
}

export function CreateEnvironment({ project, others, onClose }: CreateEnvironmentProps) {
  useFocusBack();
  const [name, setName] = useState('');
  const [approval, setApproval] = useState(true);
  const [place, setPlace] = useState<string | null>(null);
  const create = useMutation({
    mutationFn: async () => {
      const wanted = name.trim();
      await data(api.POST('/api/v1/projects/{project}/environments', { params: { path: { project } }, body: { name: wanted, approval_required: approval } }));
      if (place !== null) await data(api.PATCH('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment: wanted } }, body: { position: Number(place), reason: '' } }));
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: projectKey(project, 'environments') }),
  });
  useFocusWrong(create.error);
  const wrong = fieldFaults(create.error, ['name'], { 'name-taken': 'name', 'invalid-name': 'name' });
  return (
    <Modal opened onClose={onClose} title={words.create}>
      <form onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}>
        <Stack>
          <TextInput label={words.name} description={words.nameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={100} autoComplete="off" data-autofocus value={name} onChange={(event) => { setName(event.currentTarget.value); create.reset(); }} />
          <Select label={words.place} clearable placeholder={words.placeLast} value={place} onChange={setPlace} data={others.map((one) => ({ value: String(one.position), label: words.placeBefore(one.name) }))} />
          <Switch label={words.approvalNeeded} description={approval ? words.approval : words.approvalOff} checked={approval} onChange={(event) => setApproval(event.currentTarget.checked)} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={create.isPending}>{words.createVerb}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
