/** "Who can publish here?": a question of action and place, answered with people, their roles and the deciding rule. */
import { Autocomplete, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCircleCheck, IconCircleX, IconHelpCircle } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import type { MayOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { useEnvironmentNames, useProjectNames, useUserNames } from '../choices';
import { whereOf } from './where';
import classes from '../admin.module.css';

const words = strings.admin.access;
const VERBS = Object.entries(words.verbs).map(([value, label]) => ({ value, label }));

export function WhoMay() {
  const [{ action = 'publish', project: named, environment = '', module = '', user = '' }, setQuery] = useAddressQuery();
  const projects = useProjectNames();
  const project = named ?? projects[0] ?? '';
  const environments = useEnvironmentNames(project);
  const users = useUserNames(user);
  // Asked when the typing rests.
  const [at] = useDebouncedValue(`${project}\n${environment}\n${module}\n${user}`, 350);
  const [askedProject = '', askedEnvironment = '', askedModule = '', askedUser = ''] = at.split('\n');
  const ready = askedProject !== '';
  const found = usePages(
    ['system', 'who', action, at],
    (cursor) => data(api.GET('/api/v1/access/who', { params: { query: { action, project: askedProject, environment: askedEnvironment, module: askedModule, user: askedUser, cursor } } })),
    ready,
  );
  const first = found.data?.pages[0] as { readonly words?: string } | undefined;
  const verb = first?.words ?? words.verbs[action as keyof typeof words.verbs] ?? action;
  return (
    <Stack maw={960}>
      <div className={classes.filters}>
        <Select label={words.action} searchable allowDeselect={false} data={VERBS} value={action} onChange={(value) => setQuery({ action: value ?? undefined })} />
        <Autocomplete label={words.project} data={projects} value={project} onChange={(value) => setQuery({ project: value, environment: undefined })} />
        <Autocomplete label={words.environment} placeholder={words.everything} data={environments} value={environment} onChange={(value) => setQuery({ environment: value })} />
        <TextInput label={words.module} placeholder={words.everything} value={module} onChange={(event) => setQuery({ module: event.currentTarget.value })} />
        <Autocomplete label={words.onlyOne} placeholder={words.anybody} data={users} value={user} onChange={(value) => setQuery({ user: value })} />
      </div>
      {!ready && !found.items && <Empty icon={IconHelpCircle} title={words.askFirst} />}
      <Refusal fault={found.error} />
      {ready && !found.items && !found.error && <Waiting />}
      {found.items && !found.error && (
        <section aria-live="polite" aria-busy={found.isFetching}>
          <Text component="h2" fz={17} fw={620} mt="xs" mb="xs">{words.who(verb, whereOf({ project: askedProject, module: askedModule, environment: askedEnvironment }, words.everyProject))}</Text>
          {found.items.length === 0 ? <Empty title={words.nobody}>{words.nobodyHelp}</Empty> : found.items.map((may) => <Answer key={may.user} may={may} />)}
          <MorePages query={found} />
        </section>
      )}
    </Stack>
  );
}

function Answer({ may }: { readonly may: MayOut }) {
  const Mark = may.allowed ? IconCircleCheck : IconCircleX;
  return (
    <div className={classes.answer}>
      <Mark size={20} aria-label={may.allowed ? words.yes : words.no} color={may.allowed ? 'var(--good)' : 'var(--bad)'} style={{ flex: 'none' }} />
      <div style={{ minWidth: 0 }}>
        <div className={classes.chips}>
          <span className={classes.name}>{may.display_name}</span>
          <span className={classes.soft}>{may.user}</span>
          {may.admin && <Chip>{strings.admin.people.admin}</Chip>}
          {may.kind === 'service' && <Chip>{strings.admin.people.service}</Chip>}
          {may.allowed && !may.everywhere && <Chip tone="warn" title={words.partHelp}>{words.part}</Chip>}
        </div>
        <Text size="sm" mt={2}>{may.reason}</Text>
        {!may.allowed && may.remedy && <Text size="sm"><strong>{strings.common.whatToDo}: </strong>{may.remedy}</Text>}
        {may.grants.map((grant) => (
          <Text key={[grant.role, grant.project, grant.module, grant.environment].join('\n')} size="sm" c="dimmed">
            {`${words.through} ${grant.role} · ${whereOf(grant, words.everyProject)} · ${words.by.toLowerCase()} ${grant.granted_by || words.byGroup}`}
          </Text>
        ))}
        <Text size="xs" c="dimmed">{`${words.rule}: ${may.rule}`}</Text>
      </div>
    </div>
  );
}
