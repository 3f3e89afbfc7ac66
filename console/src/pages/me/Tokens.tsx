/** One's own tokens, and making one. */
import { Button, Group, Modal, NumberInput, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { Secret } from '@/parts/Secret';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.me.tokens;
const KEY = ['me', 'tokens'];
const DAY = 86_400_000;

export function Tokens() {
  const [open, { open: show, close }] = useDisclosure(false);
  const tokens = usePages(KEY, (cursor) => data(api.GET('/api/v1/tokens', { params: { query: { cursor } } })));
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  if (!tokens.items) return tokens.error ? <Refusal fault={tokens.error} /> : <Waiting />;
  return (
    <Stack>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={560}>{words.lead}</Text>
        <Button onClick={show}>{words.make}</Button>
      </Group>
      <Refusal fault={revoke.error} />
      {tokens.items.length === 0 ? (
        <Empty icon={IconKey} title={words.none}>{words.noneHelp}</Empty>
      ) : (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead><tr><th>{words.name}</th><th>{words.scope}</th><th>{words.created}</th><th>{words.used}</th><th>{words.expires}</th><th><VisuallyHidden>{words.revoke}</VisuallyHidden></th></tr></thead>
            <tbody>
              {tokens.items.map((token) => (
                <tr key={token.id}>
                  <td>{token.name}</td>
                  <td>{[token.role, token.project, token.environment].filter(Boolean).join(' · ') || words.everything}</td>
                  <td><Time at={token.created_at} /></td>
                  <td><Time at={token.last_used_at} /></td>
                  <td><Time at={token.expires_at} /></td>
                  <td>{token.revoked_at ? words.revoked : <Button size="compact-xs" variant="default" onClick={() => revoke.mutate(token.id)}>{words.revoke}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={tokens} />
      <Modal opened={open} onClose={close} title={words.makeTitle}><NewToken onDone={close} /></Modal>
    </Stack>
  );
}

function NewToken({ onDone }: { readonly onDone: () => void }) {
  const [name, setName] = useState('');
  const [project, setProject] = useState('');
  const [days, setDays] = useState<number | string>(90);
  const make = useMutation({
    mutationFn: () =>
      data(api.POST('/api/v1/tokens', {
        body: { name, project: project || undefined, expires_at: new Date(Date.now() + Number(days) * DAY).toISOString() },
      })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  if (make.data) return <Secret value={make.data.token} note={words.shownOnce} onDone={onDone} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
      <Stack>
        <TextInput label={words.name} required withAsterisk={false} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label={words.project} description={strings.common.optional} value={project} onChange={(event) => setProject(event.currentTarget.value)} />
        <NumberInput label={words.days} min={1} value={days} onChange={setDays} />
        <Refusal fault={make.error} />
        <Button type="submit" loading={make.isPending}>{words.make}</Button>
      </Stack>
    </form>
  );
}
