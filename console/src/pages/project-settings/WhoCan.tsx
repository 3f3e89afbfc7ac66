/** "Who can publish to production here?" as a question with an answer. */
import { Group, Select, Text } from '@mantine/core';
import { api, data } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { useEnvironmentNames } from './useEnvironmentNames';
import classes from './settings.module.css';

const words = strings.projectSettings.access;

export function WhoCan({ project }: { readonly project: string }) {
  const [query, set] = useAddressQuery();
  const action = query.can ?? 'publish';
  const environment = query.in || undefined;
  const environments = useEnvironmentNames(project);
  const who = usePages(projectKey(project, 'overview', 'who', action, environment), (cursor) => data(api.GET('/api/v1/access/who', { params: { query: { project, action, environment, cursor } } })));
  const allowed = who.items?.filter((one) => one.allowed);
  // To ask is for administrators and auditors; others see who has a role here.
  if (isProblem(who.error, 403)) return null;
  return (
    <section className={classes.answer} aria-label={words.question}>
      <Group align="end" gap={8}>
        <Select label={words.who} w={200} allowDeselect={false} value={action} data={Object.entries(words.actions).map(([value, label]) => ({ value, label }))} onChange={(can) => set({ can: can ?? undefined })} />
        <Select label={words.where} w={200} clearable placeholder={words.anywhere} value={environment ?? null} data={environments} onChange={(where) => set({ in: where ?? undefined })} />
      </Group>
      <Refusal fault={who.error} />
      {!allowed && !who.error && <Waiting lines={2} />}
      {allowed?.length === 0 && <Text size="sm" mt={8}>{words.nobody}</Text>}
      {allowed && allowed.length > 0 && (
        <ul>
          {allowed.map((one) => (
            <li key={one.user}><strong>{one.display_name || one.user}</strong> {one.display_name && one.display_name !== one.user && <span className={classes.soft}>{one.user}</span>} {one.admin && one.grants.length === 0 ? words.administrator : words.because([...new Set(one.grants.map(({ role, module }) => (module ? `${role} (${module}/)` : role)))].join(', '))}</li>
          ))}
        </ul>
      )}
      <MorePages query={who} />
    </section>
  );
}
