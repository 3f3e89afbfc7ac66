/** Edits somebody shared by link: to read, and to make one's own. */
import { Alert, Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from './prompt.module.css';

export function SharedEdits({ project, path, share, onTaken }: { readonly project: string; readonly path: string; readonly share: string; readonly onTaken: () => void }) {
  const go = useGo();
  const shown = useQuery({ queryKey: ['shared', share], queryFn: () => data(api.GET('/api/v1/shared-working-copies/{share}', { params: { path: { share } } })) });
  const take = useMutation({
    mutationFn: async () => {
      const mine = await api.GET('/api/v1/projects/{project}/working-copies/{path}', { params: { path: { project, path } } }).catch(() => null);
      const etag = mine?.response.headers.get('etag');
      return api.POST('/api/v1/shared-working-copies/{share}/take', { params: { path: { share } }, ...(etag ? { headers: { 'If-Match': etag } } : {}) });
    },
    onSuccess: () => {
      onTaken();
      go(links.prompt(project, path), { replace: true });
    },
  });
  if (shown.error) return <Refusal fault={shown.error} />;
  if (!shown.data) return <Waiting />;
  return (
    <>
      <Alert mb="md" title={strings.prompt.sharedTitle(shown.data.owner)}>
        <Button size="xs" mt={4} loading={take.isPending} onClick={() => take.mutate()}>{strings.prompt.take}</Button>
        <Refusal fault={take.error} />
      </Alert>
      <pre className={classes.unified}>
        {shown.data.diff.split('\n').map((line, at) => <span key={at} data-kind={line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : undefined}>{`${line}\n`}</span>)}
      </pre>
    </>
  );
}
