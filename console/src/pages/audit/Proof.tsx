/** The proof that an event is in the log as the signed checkpoint states; computed here, not believed. */
import { Alert, Button, Code } from '@mantine/core';
import { IconShieldCheck, IconShieldX, IconClock } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { isProblem } from '@/api/problem';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { canCompute, includes } from './merkle';

const words = strings.audit.proof;

export function Proof({ project, seq, hash }: { readonly project: string | undefined; readonly seq: number; readonly hash: string }) {
  const proof = useMutation({
    mutationFn: async () => {
      const { items } = await data(api.GET('/api/v1/audit/checkpoints', { params: { query: { project, limit: 1 } } }));
      const newest = items[0];
      if (newest === undefined || newest.size < seq) return undefined;
      const given = await data(api.GET('/api/v1/audit/proof', { params: { query: { project, seq, size: newest.size } } }));
      const holds = canCompute() ? await includes(hash, seq - 1, given.size, given.proof, newest.root) : undefined;
      return { given, holds };
    },
  });
  const { data: made } = proof;
  if (isProblem(proof.error, 404) || (proof.isSuccess && made === undefined)) {
    return <Alert mt="md" color="gray" icon={<IconClock size={18} />} role="status">{words.waiting}</Alert>;
  }
  if (proof.error) return <Refusal fault={proof.error} />;
  if (!made) return <Button mt="md" variant="default" loading={proof.isPending} onClick={() => proof.mutate()}>{strings.audit.event.prove}</Button>;
  const { given, holds } = made;
  return (
    <Alert mt="md" color={holds ? 'teal' : holds === false ? 'red' : 'gray'} style={{ background: holds ? 'var(--good-soft)' : undefined }} icon={holds === false ? <IconShieldX size={18} /> : <IconShieldCheck size={18} />} role="status">
      {holds === undefined ? words.cannot : holds ? words.holds(seq, given.size) : words.fails}
      <details style={{ marginTop: 8 }}>
        <summary>{words.steps(given.proof.length)}</summary>
        <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{[...given.proof, `${words.root}: ${given.root}`].join('\n')}</Code>
      </details>
    </Alert>
  );
}
