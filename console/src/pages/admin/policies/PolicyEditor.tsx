/** Writing a policy: its text, what it is for, samples that show what it would change, and putting it in force. */
import { Alert, Button, Drawer, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Suspense, lazy, useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { queries } from '@/api/queries';
import type { PolicyOut } from '@/api/schema';
import { Waiting } from '@/parts/Page';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { Effects } from './Effects';
import { Samples } from './Samples';
import { POLICIES } from './keys';
import { FIRST, questionsOf, type Sample } from './questions';

const CodeEditor = lazy(async () => ({ default: (await again(() => import('@/parts/code/CodeEditor'))).CodeEditor }));
const words = strings.admin.policies;

export function PolicyEditor({ policy, onClose }: { readonly policy: PolicyOut | null; readonly onClose: () => void }) {
  useFocusBack();
  const [name, setName] = useState(policy?.name ?? '');
  const [comment, setComment] = useState(policy?.comment ?? '');
  const [text, setText] = useState(policy?.text ?? words.start);
  const [samples, setSamples] = useState<readonly Sample[]>([FIRST]);
  const check = useMutation({ mutationFn: () => data(api.POST('/api/v1/policies/check', { body: { name: name.trim(), text, questions: questionsOf(samples) } })) });
  const save = useMutation({
    mutationFn: () => data(api.PUT('/api/v1/policies/{name}', {
      params: { path: { name: name.trim() } },
      // Nothing that somebody else wrote is replaced unseen.
      headers: policy ? ifMatch(`"${policy.tag}"`) : { 'If-None-Match': '*' },
      body: { text, comment: comment.trim() },
    })),
    onSuccess: async () => { await queries.invalidateQueries({ queryKey: POLICIES }); onClose(); },
  });
  const found = check.data;
  useFocusWrong(save.error);
  const wrong = fieldFaults(save.error, ['name', 'comment', 'text'], { invalid: 'name', 'name-taken': 'name' });
  const left = policy ? text !== policy.text || comment !== policy.comment : text !== words.start;
  return (
    <Drawer opened onClose={onClose} position="right" size={720} title={policy ? words.editTitle(policy.name) : words.addTitle} closeOnClickOutside={false} closeOnEscape={!left}>
      <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
        <Stack>
          {!policy && <TextInput label={words.name} description={words.nameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={64} data-autofocus value={name} onChange={(event) => { setName(event.currentTarget.value); save.reset(); }} />}
          <TextInput label={words.comment} description={words.commentHelp} error={wrong.at.comment} maxLength={500} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
          <div>
            <Text size="sm" fw={500} mb={4}>{words.text}</Text>
            <Suspense fallback={<Waiting lines={6} />}><CodeEditor label={words.text} value={text} onChange={(value) => { setText(value); check.reset(); save.reset(); }} minHeight={160} /></Suspense>
          </div>
          <Text component="h3" fw={600}>{words.try}</Text>
          <Text size="sm" c="dimmed">{words.tryHelp}</Text>
          <Samples samples={samples} onChange={setSamples} />
          <Refusal fault={check.error} />
          <div aria-live="polite">
            {found && found.errors.length > 0 && (
              <Alert color="red" icon={<IconAlertTriangle size={18} />}>
                <List size="sm">{found.errors.map((fault) => <List.Item key={`${fault.line}${fault.message}`}>{`${words.line(fault.line)}: ${fault.message}`}</List.Item>)}</List>
              </Alert>
            )}
            {found?.valid && <Alert color="green" icon={<IconCircleCheck size={18} />} mb="sm">{words.valid}</Alert>}
            {found && <Effects effects={found.effects} />}
          </div>
          {wrong.at.text && <Text size="sm" c="var(--bad)" role="alert">{wrong.at.text}</Text>}
          <Refusal fault={wrong.rest} />
          <Group justify="flex-end">
            <Button variant="subtle" onClick={onClose}>{strings.common.cancel}</Button>
            <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>{words.check}</Button>
            <Button type="submit" loading={save.isPending}>{words.save}</Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
