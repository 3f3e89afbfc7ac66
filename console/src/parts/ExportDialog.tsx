/** Prompts as files of another tool: the format, what it cannot carry, then the download: one file, or a zip of several. */
import { Alert, Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { strings } from '@/strings';
import { Waiting } from './Page';
import { Refusal } from './Refusal';
import { save } from './save';
import { useFocusBack } from './useFocusBack';
import { zipOf } from './zip';

const words = strings.exporting;
const SHOWN = 30;

export interface ExportDialogProps {
  readonly project: string;
  /** Without a version the newest. */
  readonly prompts: readonly { readonly path: string; readonly version?: number | undefined }[];
  readonly onClose: () => void;
}

export function ExportDialog({ project, prompts, onClose }: ExportDialogProps) {
  useFocusBack();
  const [kind, setKind] = useState<keyof typeof words.formats>('directory');
  const [format = 'directory', text = ''] = kind.split(':');
  const made = useQuery({
    queryKey: ['export', project, kind, prompts], staleTime: 0, gcTime: 0, retry: false, placeholderData: undefined,
    queryFn: () => data(api.POST('/api/v1/projects/{project}/exports', { params: { path: { project } }, body: { format, text: text as '' | 'md' | 'txt', prompts: prompts.map(({ path, version }) => ({ path, version: version ?? null })) } })),
  });
  const files = made.data?.files ?? [];
  const losses = made.data?.losses ?? [];
  const [only] = files;
  const download = (): void => {
    const one = files.length === 1 && only !== undefined;
    void save(new Response(one ? only.content : zipOf(files)), one ? (only.path.split('/').at(-1) ?? only.path) : `${project}-${format}.zip`);
  };
  return (
    <Modal opened onClose={onClose} title={words.title(prompts.length)} size="lg">
      <Stack>
        <Select label={words.format} data-autofocus allowDeselect={false} value={kind} data={Object.entries(words.formats).map(([value, label]) => ({ value, label }))} onChange={(value) => setKind((value ?? 'directory') as typeof kind)} />
        <Refusal fault={made.error} />
        {made.isPending && <Waiting lines={3} />}
        {made.data && <Text size="sm" role="status">{words.files(files.length)}{files.length === 1 && only ? `: ${only.path}` : ''}</Text>}
        {losses.length > 0 && (
          <Alert color="orange" title={words.losses(losses.length)}>
            {losses.slice(0, SHOWN).map(({ where, key, reason }, at) => <div key={at}><strong>{[where, key].filter((one) => one !== '').join(', ')}</strong>: {reason}</div>)}
            {losses.length > SHOWN && <div>{words.more(losses.length - SHOWN)}</div>}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{strings.common.close}</Button>
          <Button leftSection={<IconDownload size={16} aria-hidden />} disabled={files.length === 0} onClick={download}>{files.length > 1 ? words.zip : words.download}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
