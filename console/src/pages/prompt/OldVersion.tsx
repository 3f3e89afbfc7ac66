/** An earlier version, only to read: its messages, and the ways back. */
import { Alert, Button, Group, Modal, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { Person } from '@/parts/Person';
import { useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { useDocument } from './Changes';
import { PromptForm } from './edit/PromptForm';
import { Preview } from './preview/Preview';
import classes from './prompt.module.css';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly version: number; readonly newest: number; readonly mayWrite: boolean; readonly onRestored: () => void }

export function OldVersion({ project, path, version, newest, mayWrite, onRestored }: Props) {
  const shown = useDocument(project, path, version);
  const [asking, setAsking] = useState(false);
  const go = useGo();
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: () => api.POST('/api/v1/projects/{project}/restore/{path}', { params: { path: { project, path } }, headers: { 'If-Match': `"v${newest}"` }, body: { version, message: `Restore v${version}` } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: projectKey(project, 'versions') });
      onRestored();
      go(links.prompt(project, path));
    },
  });
  return (
    <>
      {version !== newest && <Alert mb="md" color="gray">
        <Group justify="space-between" gap="xs">
          <Text size="sm">
            <strong>{words.oldVersion(version)}</strong> {words.newestIs(newest)} {shown.version && <><Person name={shown.version.author} />, <Time at={shown.version.created_at} />: {shown.version.message}</>}
          </Text>
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => go(links.prompt(project, path))}>{words.toNewest}</Button>
            <Button size="xs" variant="default" onClick={() => go(links.diff(project, path, version, newest))}>{words.compare}</Button>
            {mayWrite && <Button size="xs" onClick={() => setAsking(true)}>{words.restore}</Button>}
          </Group>
        </Group>
      </Alert>}
      <Refusal fault={shown.error} />
      {!shown.error && !shown.checked && <Waiting lines={10} />}
      {shown.checked?.prompt && (
        <div className={classes.work}>
          <div className={classes.editing}><PromptForm project={project} doc={shown.checked.prompt} faults={shown.checked.problems} /></div>
          <div className={classes.aside}><Preview project={project} doc={shown.checked.prompt} /></div>
        </div>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={words.restoreTitle(version)}>
        <Text size="sm">{words.restoreText(version)}</Text>
        <Refusal fault={restore.error} />
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={() => setAsking(false)}>{strings.common.cancel}</Button>
          <Button loading={restore.isPending} onClick={() => restore.mutate()}>{words.restore}</Button>
        </Group>
      </Modal>
    </>
  );
}
