/** What the newest version's record says otherwise than the version that is live somewhere. */
import { Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import shared from '@/parts/parts.module.css';
import type { Json } from '../document';
import { shownValue } from './fields';

const words = strings.prompt;

export function RecordChanges({ project, path, environment }: { readonly project: string; readonly path: string; readonly environment: string }) {
  const diff = useQuery({
    queryKey: projectKey(project, 'records', path, 'against', environment),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/record-diff/{path}', { params: { path: { project, path }, query: { from: environment } } })),
  });
  return (
    <section style={{ marginTop: 28 }}>
      <Title order={2} size="h3" mb={6}>{words.againstLive(environment)}</Title>
      <Refusal fault={diff.error} />
      {diff.data?.fields.length === 0 && <Text size="sm" c="dimmed">{words.sameAsLive}</Text>}
      {diff.data && diff.data.fields.length > 0 && (
        <div className={shared.scroll}>
          <table className={shared.table}>
            <thead><tr><th>{words.record}</th><th>{words.before}</th><th>{words.now}</th></tr></thead>
            <tbody>
              {diff.data.fields.map((field) => (
                <tr key={field.key}><td>{field.key.replaceAll('_', ' ')}</td><td>{shownValue(field.before?.value as Json)}</td><td>{shownValue(field.after?.value as Json)}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
