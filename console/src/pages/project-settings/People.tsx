/** People with a role in the project, for those who may not see grants. */
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.projectSettings.access;

export function People({ project }: { readonly project: string }) {
  const list = usePages(projectKey(project, 'overview', 'people'), (cursor) => data(api.GET('/api/v1/projects/{project}/people', { params: { path: { project }, query: { cursor } } })));
  if (!list.items) return list.error ? <Refusal fault={list.error} /> : <Waiting />;
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead><tr><th>{words.person}</th><th>{words.role}</th></tr></thead>
        <tbody>{list.items.map((person) => <tr key={person.name}><td>{person.display_name || person.name}</td><td>{person.roles.join(', ')}</td></tr>)}</tbody>
      </table>
      <MorePages query={list} />
    </div>
  );
}
