/** Test cases as a table: one column per variable and per expectation, each cell edited in place. */
import { ActionIcon, Button, Group, Text, Textarea } from '@mantine/core';
import { IconFlask, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Empty } from '@/parts/Empty';
import { strings } from '@/strings';
import { changed, removed, withKey, type Json, type PromptDoc } from '../document';
import type { Change } from '../edit/PromptForm';
import { defaultOf } from '../edit/Variables';
import classes from '../prompt.module.css';
import { exampleValues, inputsOf } from '../template';

const words = strings.prompt;
const ROWS = 100;
type Case = Readonly<Record<string, Json>>;

export function CaseTable({ doc, onChange }: { readonly doc: PromptDoc; readonly onChange: Change | undefined }) {
  const [shown, setShown] = useState(ROWS);
  const cases = doc.testData ?? [];
  const inputs = inputsOf(doc);
  const columns = [...new Set([...Object.keys(inputs), ...cases.slice(0, 1000).flatMap((one) => Object.keys(one))])];
  const set = (how: (cases: readonly Case[]) => readonly Case[]): void => onChange?.((now) => withKey(now, 'testData', how(now.testData ?? [])));
  const add = (): void => set((now) => [...now, now.length === 0 ? (exampleValues(doc) as Case) : Object.fromEntries(columns.map((name) => [name, '']))]);
  if (cases.length === 0) {
    return <Empty icon={IconFlask} title={words.noTests} action={onChange && <Button onClick={add}>{words.addCase}</Button>}>{words.noTestsText}</Empty>;
  }
  return (
    <section className={classes.section} aria-label={words.tests} id="testData">
      <div className={classes.sectionHead}><h2>{`${words.tests} (${cases.length.toLocaleString('en')})`}</h2></div>
      <Text size="sm" c="dimmed" mb="xs">{words.testsHint}</Text>
      <div className={classes.scroll}>
        <table className={classes.grid}>
          <thead><tr><td />{columns.map((name) => <th key={name} scope="col">{name}</th>)}<td /></tr></thead>
          <tbody>
            {cases.slice(0, shown).map((one, at) => (
              <tr key={at}>
                <th scope="row">{at + 1}</th>
                {columns.map((name) => (
                  <td key={name}>
                    <Cell label={words.cell(name, at + 1)} value={one[name]} type={inputs[name]?.type ?? 'string'} onValue={onChange && ((value) => set((now) => changed(now, at, withValue(now[at] ?? {}, name, value))))} />
                  </td>
                ))}
                <td>{onChange && <ActionIcon variant="subtle" color="gray" aria-label={words.removeNamed(words.case(at + 1))} onClick={() => set((now) => removed(now, at))}><IconTrash size={15} /></ActionIcon>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group mt="xs" gap="xs">
        {onChange && <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={add}>{words.addCase}</Button>}
        {onChange && !columns.includes('expected') && <Button size="xs" variant="default" onClick={() => set((now) => now.map((one) => ({ ...one, expected: '' })))}>{words.addColumn}</Button>}
        {cases.length > shown && <Button size="xs" variant="subtle" onClick={() => setShown(shown + ROWS)}>{strings.common.more}</Button>}
      </Group>
    </section>
  );
}

function withValue(one: Case, name: string, value: Json | undefined): Case {
  if (value !== undefined) return { ...one, [name]: value };
  return Object.fromEntries(Object.entries(one).filter(([other]) => other !== name));
}

interface CellProps { readonly label: string; readonly value: Json | undefined; readonly type: string; readonly onValue: ((value: Json | undefined) => void) | undefined }

function Cell({ label, value, type, onValue }: CellProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));
  return (
    <Textarea size="xs" aria-label={label} autosize minRows={1} maxRows={6} miw={160} readOnly={!onValue} value={text}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (typed !== null) onValue?.(defaultOf(typed, type));
        setTyped(null);
      }}
    />
  );
}
