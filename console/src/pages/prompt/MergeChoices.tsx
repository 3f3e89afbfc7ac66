/** The merge view: where both sides changed the same lines, they stand beside each other and a person chooses. */
import { Button, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { CodeEditor } from '@/parts/code/CodeEditor';
import { SideBySide } from '@/parts/code/SideBySide';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { chosen, settled, type Choice } from './merge';
import classes from './prompt.module.css';
import type { DraftSession, DraftState } from './session';

const words = strings.prompt;

export function MergeChoices({ session, state }: { readonly session: DraftSession; readonly state: DraftState }) {
  const conflicts = state.copy?.conflicts ?? [];
  const [choices, setChoices] = useState<readonly Choice[]>(() => conflicts.map(() => ({ take: 'yours' })));
  const done = useMutation({ mutationFn: () => session.replaceText(settled(state.text, conflicts, choices)) });
  const undo = useMutation({ mutationFn: () => session.undo() });
  const choose = (at: number, choice: Choice): void => setChoices(choices.map((old, index) => (index === at ? choice : old)));
  return (
    <section className={classes.panel} aria-label={words.mergeTitle}>
      <Title order={2}>{words.mergeTitle}</Title>
      <Text size="sm" c="dimmed" mb="sm">{words.mergeText}</Text>
      <Stack gap="lg">
        {conflicts.map((conflict, at) => {
          const choice = choices[at] ?? { take: 'yours' };
          return (
            <div key={at}>
              <Group justify="space-between" mb={6}>
                <Text size="sm" fw={550}>{words.place(at + 1, conflicts.length)}</Text>
                <SegmentedControl
                  size="xs" value={choice.take} aria-label={words.place(at + 1, conflicts.length)}
                  data={[{ value: 'yours', label: words.mine }, { value: 'theirs', label: words.theirs }, { value: 'both', label: words.both }, { value: 'text', label: words.byHand }]}
                  onChange={(take) => choose(at, take === 'text' ? { take, text: chosen(conflict, choice) } : { take: take as 'yours' | 'theirs' | 'both' })}
                />
              </Group>
              <div className={classes.sides}><span>{words.yours}</span><span>{words.newest}</span></div>
              <SideBySide before={conflict.yours} after={conflict.theirs} labels={[words.yours, words.newest]} />
              {choice.take === 'text' && <div style={{ marginTop: 8 }}><CodeEditor label={words.byHand} value={choice.text} language="yaml" lineNumbers={false} onChange={(text) => choose(at, { take: 'text', text })} /></div>}
            </div>
          );
        })}
      </Stack>
      <Group mt="md" gap="xs">
        <Button loading={done.isPending} onClick={() => done.mutate()}>{words.mergeDone}</Button>
        <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>{words.undo}</Button>
      </Group>
      <Refusal fault={done.error ?? undo.error} />
    </section>
  );
}
