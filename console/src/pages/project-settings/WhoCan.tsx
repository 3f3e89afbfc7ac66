/** "Who can publish to production here?" as a question with an answer. */
import { Group, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from './settings.module.css';

const words = strings.projectSettings.access;

export function WhoCan({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const action = query.can ?? 'publish';
  const environment = query.in || undefined;
  const environments = useQuery({
    queryKey: projectKey(project, 'environments', 'names'),
    queryFn: async () => (await data(api.GET('/api/v1/projects/{project}/environments', { params: { path: { project } } }))).items.map(({ name }) => name),
  });
  const who = useQuery({
    queryKey: projectKey(project, 'overview', 'who', action, environment),
    queryFn: () => data(api.GET('/api/v1/access/who', { params: { query: { project, action, environment } } })),
  });
  const allowed = who.data?.items.filter((one) => one.allowed);
  return (
    <section className={classes.answer} aria-label={words.question}>
      <Group align="end" gap={8}>
        <Select label={words.who} w={200} allowDeselect={false} value={action} data={Object.entries(words.actions).map(([value, label]) => ({ value, label }))} onChange={(can) => set({ can: can ?? undefined })} />
        <Select label={words.where} w={200} clearable placeholder={words.anywhere} value={environment ?? null} data={environments.data ?? []} onChange={(where) => set({ in: where ?? undefined })} />
      </Group>
      <Refusal fault={who.error} />
      {!allowed && !who.error && <Waiting lines={2} />}
      {allowed?.length === 0 && <Text size="sm" mt={8}>{words.nobody}</Text>}
      {allowed && allowed.length > 0 && (
        <ul>
          {allowed.map((one) => (
            <li key={one.user}><strong>{one.display_name || one.user}</strong> {one.admin && one.grants.length === 0 ? words.administrator : words.because([...new Set(one.grants.map(({ role, module }) => (module ? `${role} (${module}/)` : role)))].join(', '))}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
