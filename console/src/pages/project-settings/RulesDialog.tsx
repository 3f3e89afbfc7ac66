/** The rules of an environment as forms: each is switched on and set; the server says whether it holds together. */
import { Alert, Button, Drawer, Group, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, ifMatch, request } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey, queries } from '@/api/queries';
import type { EnvironmentOut, RulesIn } from '@/api/schema';
import { DialogFoot } from '@/parts/DialogFoot';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { RuleFields } from './RuleFields';
import { begun, difference, faultsByRule, RULES } from './rules';
import classes from './settings.module.css';

const words = strings.projectSettings.environments;

export interface RulesDialogProps {
  readonly project: string;
  readonly environment: string;
  readonly others: readonly string[];
  readonly onClose: () => void;
}

/** Reads the rules as they are now, with the tag that says so: the list may be older. */
export function RulesDialog(props: RulesDialogProps) {
  useFocusBack();
  const { project, environment, onClose } = props;
  const read = useQuery({
    queryKey: projectKey(project, 'rules', environment),
    staleTime: Infinity,
    gcTime: 0,
    placeholderData: undefined,
    queryFn: async () => {
      const answer = await request(`/api/v1/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}?limit=1`);
      return { rules: ((await answer.json()) as EnvironmentOut).rules as RulesIn, tag: answer.headers.get('etag') ?? '', at: Date.now() };
    },
  });
  return (
    <Drawer opened onClose={onClose} position="right" size={560} title={words.changeTitle(environment)} closeOnClickOutside={false}>
      <Refusal fault={read.error} />
      {!read.data && !read.error && <Waiting />}
      {read.data && <RulesForm key={read.data.at} {...props} before={read.data.rules} tag={read.data.tag} onAgain={() => void read.refetch()} />}
    </Drawer>
  );
}

interface RulesFormProps extends RulesDialogProps {
  readonly before: RulesIn;
  readonly tag: string;
  readonly onAgain: () => void;
}

function RulesForm({ project, environment, others, onClose, before, tag, onAgain }: RulesFormProps) {
  const [rules, setRules] = useState<RulesIn>(before);
  const [reason, setReason] = useState('');
  const [ticket, setTicket] = useState('');
  const changes = difference(before, rules);
  const save = useMutation({
    mutationFn: () => data(api.PATCH('/api/v1/projects/{project}/environments/{environment}', { params: { path: { project, environment } }, headers: ifMatch(tag), body: { rules: changes, reason: reason.trim(), ticket: ticket.trim() || undefined } })),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: projectKey(project, 'environments') });
    },
  });
  const wrong = faultsByRule(save.error);
  const overtaken = isProblem(save.error, 409) && save.error.problem.type.endsWith(':settings-changed');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      save.mutate();
    }}>
      {RULES.map((rule) => {
        const [title = rule, help] = words.rule[rule] ?? [];
        const on = rules[rule] !== undefined && rules[rule] !== null;
        const needsOther = (rule === 'only_from' || rule === 'min_minutes_in') && others.length === 0;
        return (
          <div key={rule} className={classes.rule}>
            <Switch label={title} description={needsOther ? words.noOther : help} disabled={needsOther} checked={on} onChange={(event) => setRules({ ...rules, [rule]: event.currentTarget.checked ? begun(rule, others, zone) : undefined })} />
            {on && <div className={classes.inner}><RuleFields rule={rule} project={project} rules={rules} others={others} onChange={(change) => setRules({ ...rules, ...change })} /></div>}
            {wrong.at[rule] && <Alert color="red" p="xs" ml={50} role="alert">{wrong.at[rule].map((text) => <Text key={text} size="sm">{text}</Text>)}</Alert>}
          </div>
        );
      })}
      <Stack mt="md">
        <Group align="start" wrap="nowrap">
          <Textarea label={words.reason} description={words.reasonHelp} error={wrong.at.reason?.join(' ')} autosize minRows={1} style={{ flex: 1 }} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <TextInput label={words.ticket} description={strings.common.optional} error={wrong.at.ticket?.join(' ')} w={150} value={ticket} onChange={(event) => setTicket(event.currentTarget.value)} />
        </Group>
        {overtaken
          ? (
            <Alert color="orange" icon={<IconAlertTriangle size={18} />} title={words.overtaken(environment)} role="alert">
              <Text size="sm">{words.overtakenHelp}</Text>
              <Button mt="xs" size="xs" variant="default" onClick={onAgain}>{words.readAgain}</Button>
            </Alert>
          )
          : <Refusal fault={wrong.rest} />}
        {Object.keys(changes).length > 0 && <Text size="sm" c="dimmed" role="status">{words.changes(Object.keys(changes).map((rule) => words.rule[rule]?.[0] ?? rule).join(', '))}</Text>}
        <DialogFoot onCancel={onClose} disabled={Object.keys(changes).length === 0} loading={save.isPending}>{words.save}</DialogFoot>
      </Stack>
    </form>
  );
}
