/** The rules of an environment as forms: each is switched on and set; the server says whether it holds together. */
import { Button, Drawer, Group, Stack, Switch, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import type { EnvironmentOut, RulesIn } from '@/api/schema';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { RuleFields } from './RuleFields';
import { begun, difference, RULES } from './rules';
import classes from './settings.module.css';

const words = strings.projectSettings.environments;

export interface RulesDialogProps {
  readonly project: string;
  readonly environment: EnvironmentOut;
  readonly others: readonly string[];
  readonly onClose: () => void;
}

export function RulesDialog({ project, environment, others, onClose }: RulesDialogProps) {
  useFocusBack();
  const before = environment.rules as RulesIn;
  const [rules, setRules] = useState<RulesIn>(before);
  const [reason, setReason] = useState('');
  const changes = difference(before, rules);
  const save = useMutation({
    mutationFn: () => data(api.PATCH('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment: environment.name } }, body: { rules: changes, reason } })),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: projectKey(project, 'environments') });
    },
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Drawer opened onClose={onClose} position="right" size={560} title={words.changeTitle(environment.name)}>
      <Stack gap={0}>
        {RULES.map((rule) => {
          const [title = rule, help] = words.rule[rule] ?? [];
          const on = rules[rule] !== undefined && rules[rule] !== null;
          return (
            <div key={rule} className={classes.rule}>
              <Switch label={title} description={help} checked={on} onChange={(event) => setRules({ ...rules, [rule]: event.currentTarget.checked ? begun(rule, others, zone) : undefined })} />
              {on && <div className={classes.inner}><RuleFields rule={rule} project={project} rules={rules} others={others} onChange={(change) => setRules({ ...rules, ...change })} /></div>}
            </div>
          );
        })}
        <Stack mt="md">
          <Textarea label={words.reason} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <Refusal fault={save.error} />
          <Group justify="flex-end">
            {Object.keys(changes).length > 0 && <Text size="sm" c="dimmed" role="status">{Object.keys(changes).map((rule) => words.rule[rule]?.[0] ?? rule).join(', ')}</Text>}
            <Button disabled={Object.keys(changes).length === 0} loading={save.isPending} onClick={() => save.mutate()}>{words.save}</Button>
          </Group>
        </Stack>
      </Stack>
    </Drawer>
  );
}
