/** Export of the log as a file. */
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { request } from '@/api/client';
import { useCan } from '@/api/session';
import { save } from '@/parts/save';
import { Refusal } from '@/parts/Refusal';
import { Allowed } from '@/parts/Allowed';
import { strings } from '@/strings';
import { asked } from './entry';

const words = strings.audit.export;

export function ExportButton({ project }: { readonly project: string | undefined }) {
  const [open, { open: show, close }] = useDisclosure(false);
  const may = useCan('audit:export', project ?? '');
  const [format, setFormat] = useState<'jsonl' | 'cef'>('jsonl');
  const [since, setSince] = useState('');
  const [until, setUntil] = useState('');
  const go = useMutation({
    mutationFn: async () => {
      const times = asked({ since, until }, project);
      const response = await request('/api/v1/audit/exports', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ project, since: times.since, until: times.until, format }),
      });
      await save(response, `${project ?? 'installation'}.${format}`);
    },
    onSuccess: close,
  });
  return (
    <>
      <Allowed may={may}>{(off) => <Button variant="default" leftSection={<IconDownload size={16} />} disabled={off} onClick={show}>{words.button}</Button>}</Allowed>
      <Modal opened={open} onClose={close} title={words.title}>
        <Stack>
          <Text size="sm" c="dimmed">{words.lead}</Text>
          <Select label={words.format} value={format} allowDeselect={false} onChange={(value) => setFormat(value === 'cef' ? 'cef' : 'jsonl')} data={[{ value: 'jsonl', label: words.jsonl }, { value: 'cef', label: words.cef }]} />
          <Group grow>
            <TextInput type="date" label={words.since} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
            <TextInput type="date" label={words.until} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
          </Group>
          <Refusal fault={go.error} />
          <Group justify="flex-end"><Button loading={go.isPending} onClick={() => go.mutate()}>{words.go}</Button></Group>
        </Stack>
      </Modal>
    </>
  );
}
