/** What a person must know about their draft: refused, saved elsewhere, or made from a version that is no longer the newest. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { VersionInHistory } from '@/api/schema';
import { Person } from '@/parts/Person';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { MergeChoices } from './MergeChoices';
import type { DraftSession, DraftState } from './session';

const words = strings.prompt;

interface Props { readonly session: DraftSession; readonly state: DraftState; readonly newest: VersionInHistory | undefined; readonly editable: boolean }

export function DraftNotices({ session, state, newest, editable }: Props) {
  const merge = useMutation({ mutationFn: () => session.rebase() });
  const settle = useMutation({ mutationFn: (which: 'mine' | 'theirs') => session.settle(which) });
  if (!editable || state.phase === 'opening') return null;
  const behind = state.copy !== null && newest !== undefined && state.parent < newest.version && state.parent !== 0;
  return (
    <>
      {state.phase === 'refused' && <div style={{ marginBottom: 16 }}><Refusal fault={state.fault} /></div>}
      {state.phase === 'elsewhere' && (
        <Alert mb="md" color="orange" title={words.elsewhereTitle} role="alert">
          <Text size="sm">{words.elsewhereText}</Text>
          <Group mt="xs" gap="xs">
            <Button size="xs" onClick={() => settle.mutate('mine')}>{words.keepMine}</Button>
            <Button size="xs" variant="default" onClick={() => settle.mutate('theirs')}>{words.takeTheirs}</Button>
          </Group>
          <Refusal fault={settle.error} />
        </Alert>
      )}
      {state.copy?.parent_gone && <Alert mb="md" color="gray">{words.gone}</Alert>}
      {behind && (
        <Alert mb="md" color="orange" title={<>{words.behindTitle(newest.version)} <Person name={newest.author} /> {words.behindSince}</>} role="alert">
          <Text size="sm">{words.behindText}</Text>
          <Button mt="xs" size="xs" loading={merge.isPending} onClick={() => merge.mutate()}>{words.merge}</Button>
          <Refusal fault={merge.error} />
        </Alert>
      )}
      {state.copy !== null && state.copy.conflicts.length > 0 && <MergeChoices key={state.loaded} session={session} state={state} />}
    </>
  );
}
