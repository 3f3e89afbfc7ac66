/** Who has which role where in the project, and the question who can do something here. */
import { Button, Group, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { isProblem } from '@/api/problem';
import type { GrantOut } from '@/api/schema';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { Person } from '@/parts/Person';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { GiveRole } from './GiveRole';
import { People } from './People';
import { WhoCan } from './WhoCan';
import classes from '@/parts/parts.module.css';

const words = strings.projectSettings.access;
/** From so many roles on a list is searched. */
const FILTER_FROM = 10;

export function Access({ project }: { readonly project: string }) {
  const key = projectKey(project, 'overview', 'grants');
  const [giving, setGiving] = useState(false);
  const [find, setFind] = useState('');
  const [taking, setTaking] = useState<GrantOut>();
  const may = useCan('user:manage', '');
  const grants = useQuery({ queryKey: key, queryFn: () => data(api.GET('/api/v1/grants', { params: { query: { project } } })) });
  const take = useMutation({
    mutationFn: ({ user, project: where, role, module, environment }: GrantOut) => api.DELETE('/api/v1/grants', { params: { query: { user, project: where, role, module, environment } } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: projectKey(project) });
      setTaking(undefined);
    },
  });
  const hidden = isProblem(grants.error, 403);
  const rows = hidden ? undefined : grants.data?.items.filter((grant) => `${grant.user} ${grant.display_name} ${grant.role} ${grant.module} ${grant.environment}`.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <Stack>
      <WhoCan project={project} />
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={620} style={{ flex: '1 1 260px' }}>{hidden ? words.hidden : <>{words.lead} {may?.allowed && <AppLink href={links.admin('access')}>{words.toAdmin}</AppLink>}</>}</Text>
        <Allowed may={may}>{(off) => <Button disabled={off} onClick={() => setGiving(true)}>{words.add}</Button>}</Allowed>
      </Group>
      {hidden ? <People project={project} /> : <Refusal fault={grants.error} />}
      {!grants.data && !grants.error && <Waiting />}
      {rows && grants.data && grants.data.items.length > FILTER_FROM && <TextInput type="search" label={words.find} w={280} value={find} onChange={(event) => setFind(event.currentTarget.value)} />}
      {rows?.length === 0 && (find === ''
        ? <Empty icon={IconUsers} title={words.none} action={<Allowed may={may}>{(off) => <Button disabled={off} onClick={() => setGiving(true)}>{words.add}</Button>}</Allowed>} />
        : <Empty icon={IconUsers} title={words.noneFound} action={<Button variant="default" onClick={() => setFind('')}>{strings.common.clearFilters}</Button>} />)}
      {rows && rows.length > 0 && (
        <div className={classes.scroll}>
          <table className={`${classes.table} ${classes.cards}`}>
            <thead><tr><th>{words.person}</th><th>{words.role}</th><th>{words.place}</th><th>{words.since}</th><th><VisuallyHidden>{words.remove}</VisuallyHidden></th></tr></thead>
            <tbody>
              {rows.map((grant) => (
                <tr key={[grant.user, grant.project, grant.role, grant.module, grant.environment].join(' ')}>
                  <td>{grant.display_name || grant.user} <Text span size="xs" c="dimmed">{grant.user}</Text> {!grant.active && <Chip tone="idle">{words.inactive}</Chip>}</td>
                  <td data-label={words.role}>{grant.role}</td>
                  <td data-label={words.place}>{grant.project === '*' ? words.everyProject : grant.module ? `${grant.module}/` : words.whole} {grant.environment && <EnvironmentChip project={project} environment={grant.environment} />}</td>
                  <td data-label={words.since}><Time at={grant.created_at} /> {grant.granted_by && <>{words.by} <Person name={grant.granted_by} /></>}</td>
                  <td>{grant.project !== '*' && <Allowed may={may}>{(off) => <Button size="compact-xs" variant="default" disabled={off} aria-label={words.removeOf(grant.role, grant.user)} onClick={() => setTaking(grant)}>{words.remove}</Button>}</Allowed>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {giving && <GiveRole project={project} onClose={() => setGiving(false)} />}
      {taking && (
        <ReasonDialog title={words.removeTitle(taking.user, taking.role)} action={words.remove} danger withoutReason busy={take.isPending} fault={take.error} onClose={() => setTaking(undefined)} onDo={() => take.mutate(taking)}>{words.removeText}</ReasonDialog>
      )}
    </Stack>
  );
}
