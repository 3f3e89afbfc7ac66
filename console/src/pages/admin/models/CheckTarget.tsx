/** Makes one real call to a model target and says what it found. */
import { Alert, Button, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { TargetOut } from '@/api/schema';
import { Refusal } from '@/parts/Refusal';
import { duration } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import parts from '@/parts/parts.module.css';
import { TARGETS } from './keys';
import { dollars } from '@/parts/money';

const words = strings.admin.models;
type Found = NonNullable<TargetOut['check']>;

export function CheckTarget({ target, onClose }: { readonly target: TargetOut; readonly onClose: () => void }) {
  useFocusBack();
  const check = useMutation({
    mutationFn: () => data(api.POST('/api/v1/models/{name}/check', { params: { path: { name: target.name } }, body: {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: TARGETS }),
  });
  const begun = useRef(false);
  const { mutate } = check;
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate();
  }, [mutate]);
  return (
    <Modal opened onClose={onClose} title={words.checkTitle(target.name)} size="lg">
      <Stack aria-live="polite">
        <Text size="sm" c="dimmed">{words.checkHelp}</Text>
        {check.isPending && <Group><Loader size="sm" /><Text size="sm">{words.checking}</Text></Group>}
        <Refusal fault={check.error} />
        {check.data && !check.isPending && <Result found={check.data} />}
        <Group justify="flex-end">
          <Button variant="default" disabled={check.isPending} onClick={() => mutate()}>{words.checkAgain}</Button>
          <Button onClick={onClose}>{strings.common.close}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Result({ found }: { readonly found: Found }) {
  const told = (value: boolean | null): string => (value === null ? words.notKnown : value ? words.yes : words.no);
  const lines: (readonly [string, string | null])[] = [
    [words.latency, found.latency_ms === null ? null : duration(found.latency_ms)],
    [words.firstToken, found.first_token_ms === null ? null : duration(found.first_token_ms)],
    [words.answered, found.model || null],
    [words.standsFor, found.stands_for || null],
    [words.tokens, found.input_tokens === null ? null : `${found.input_tokens} · ${found.output_tokens ?? words.notKnown}`],
    [words.cost, found.cost === null ? null : dollars(found.cost)],
    [words.reachable, told(found.reachable)],
    [words.authenticated, told(found.authenticated)],
    [words.modelThere, told(found.model_there)],
    [words.attempts, found.attempts > 1 ? String(found.attempts) : null],
    [words.listed, found.listed.length > 0 ? found.listed.slice(0, 20).join(', ') : null],
  ];
  return (
    <Stack gap="sm">
      <Alert color={found.ok ? 'green' : 'red'} icon={found.ok ? <IconCircleCheck size={18} /> : <IconCircleX size={18} />} title={found.ok ? words.checkWell : words.checkUnwell}>
        {!found.ok && <Text size="sm">{found.problem}</Text>}
        {found.remedy && <Text size="sm"><strong>{strings.common.whatToDo}: </strong>{found.remedy}</Text>}
        {found.notes.map((note) => <Text key={note} size="sm">{note}</Text>)}
      </Alert>
      <table className={parts.table}>
        <tbody>{lines.map(([label, value]) => value !== null && <tr key={label}><th scope="row">{label}</th><td style={{ overflowWrap: 'anywhere' }}>{value}</td></tr>)}</tbody>
      </table>
    </Stack>
  );
}
