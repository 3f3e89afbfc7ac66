/** One's own tokens, and making one. */
import { Autocomplete, Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { TokenOut } from '@/api/schema';
import { useMe } from '@/api/session';
import { DialogFoot } from '@/parts/DialogFoot';
import { Empty } from '@/parts/Empty';
import { fieldFaults } from '@/parts/fieldFaults';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { ReasonDialog } from '@/parts/ReasonDialog';
import { Refusal } from '@/parts/Refusal';
import { SecretDialog } from '@/parts/Secret';
import { Time } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.me.tokens;
const KEY = ['me', 'tokens'];
const DAY = 86_400_000;

export function Tokens() {
  const [open, { open: show, close }] = useDisclosure(false);
  const [ending, setEnding] = useState<TokenOut>();
  const tokens = usePages(KEY, (cursor) => data(api.GET('/api/v1/tokens', { params: { query: { cursor } } })));
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      setEnding(undefined);
    },
  });
  if (!tokens.items) return tokens.error ? <Refusal fault={tokens.error} /> : <Waiting />;
  return (
    <Stack>
      <Group justify="space-between" align="start">
        <Text size="sm" c="dimmed" maw={560}>{words.lead}</Text>
        <Button onClick={show}>{words.make}</Button>
      </Group>
      {tokens.items.length === 0 ? (
        <Empty icon={IconKey} title={words.none} action={<Button onClick={show}>{words.make}</Button>}>{words.noneHelp}</Empty>
      ) : (
        // Where all are revoked nothing in it takes the focus: the box itself does, to be scrolled.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={classes.scroll} role="region" aria-label={words.list} tabIndex={0}>
          <table className={classes.table}>
            <thead><tr><th>{words.name}</th><th>{words.scope}</th><th>{words.created}</th><th>{words.used}</th><th>{words.expires}</th><th><VisuallyHidden>{words.revoke}</VisuallyHidden></th></tr></thead>
            <tbody>
              {tokens.items.map((token) => (
                <tr key={token.id}>
                  <td>{token.name}</td>
                  <td>{[token.role, token.project, token.environment].filter(Boolean).join(' · ') || words.everything}</td>
                  <td><Time at={token.created_at} /></td>
                  <td><Time at={token.last_used_at} /></td>
                  <td>{token.expires_at ? <Time at={token.expires_at} /> : words.noEnd}</td>
                  <td>{token.revoked_at ? words.revoked : <Button size="compact-xs" variant="default" aria-label={words.revokeOf(token.name)} onClick={() => setEnding(token)}>{words.revoke}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={tokens} />
      {open && <NewToken onClose={close} />}
      {ending && (
        <ReasonDialog title={words.revokeTitle(ending.name)} action={words.revoke} danger withoutReason busy={revoke.isPending} fault={revoke.error} onClose={() => { revoke.reset(); setEnding(undefined); }} onDo={() => revoke.mutate(ending.id)}>{words.revokeHelp}</ReasonDialog>
      )}
    </Stack>
  );
}

function NewToken({ onClose }: { readonly onClose: () => void }) {
  useFocusBack();
  const me = useMe();
  const [name, setName] = useState('');
  const [project, setProject] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [days, setDays] = useState<number | string>(90);
  const projects = useQuery({ queryKey: ['projects', 'names'], queryFn: () => data(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })) });
  const make = useMutation({
    gcTime: 0,
    mutationFn: () => {
      const expires = days === '' ? undefined : new Date(Date.now() + Number(days) * DAY).toISOString();
      return data(api.POST('/api/v1/tokens', { body: { name: name.trim(), project: project.trim() || undefined, role: role ?? undefined, expires_at: expires } }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  useFocusWrong(make.error);
  if (make.data) return <SecretDialog title={words.made(make.data.name)} label={words.token} value={make.data.token} note={words.shownOnce} onDone={onClose} />;
  const wrong = fieldFaults(make.error, ['name', 'project', 'role', 'expires_at'], { denied: 'role', invalid: 'expires_at', 'not-found': 'project' });
  const roles = [...new Set((me?.roles ?? []).map((held) => held.split(':').at(-1) ?? held))];
  return (
    <Modal opened onClose={onClose} title={words.makeTitle}>
      <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Stack>
          <TextInput label={words.name} description={words.nameHelp} error={wrong.at.name} required withAsterisk={false} maxLength={200} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Autocomplete label={words.project} description={strings.common.optional} error={wrong.at.project} data={projects.data?.items.map((one) => one.name) ?? []} value={project} onChange={setProject} />
          {roles.length > 0 && <Select label={words.role} description={words.roleHelp} error={wrong.at.role} clearable placeholder={words.everything} data={roles} value={role} onChange={setRole} />}
          <NumberInput label={words.days} description={words.daysHelp} error={wrong.at.expires_at} min={1} allowDecimal={false} value={days} onChange={setDays} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} loading={make.isPending}>{words.make}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
