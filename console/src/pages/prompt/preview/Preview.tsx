/** What the model gets: the prompt filled with values to try, per variant, with tokens and cost. */
import { Button, Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { memo, useDeferredValue, useMemo, useState } from 'react';
import { isProblem } from '@/api/problem';
import { strings } from '@/strings';
import type { Json, PromptDoc } from '../document';
import type { Change } from '../edit/PromptForm';
import classes from '../prompt.module.css';
import { exampleValues, filledMessages, inputsOf } from '../template';
import { Figures } from './Figures';
import { RenderedMessages } from './RenderedMessages';
import { useRender } from './useRender';
import { ValuesForm } from './ValuesForm';

const words = strings.prompt;

export const Preview = memo(function Preview({ project, doc: written, onChange }: { readonly project: string; readonly doc: PromptDoc; readonly onChange?: Change }) {
  const doc = useDeferredValue(written);
  const [own, setOwn] = useState<Readonly<Record<string, Json | undefined>> | null>(null);
  const [chosen, setVariant] = useState<string | null>(null);
  const variant = chosen !== null && doc.variants && chosen in doc.variants ? chosen : null;
  const inputs = inputsOf(doc);
  const values = useMemo(() => {
    const examples = exampleValues(doc);
    return own === null ? examples : Object.fromEntries(Object.keys(inputsOf(doc)).map((name) => [name, name in own ? own[name] : examples[name]]));
  }, [doc, own]);
  const given = useMemo(() => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Readonly<Record<string, Json>>, [values]);
  const local = useMemo(() => filledMessages(doc, variant, given), [doc, variant, given]);
  const [settled] = useDebouncedValue(useMemo(() => ({ doc, values: given, variant }), [doc, given, variant]), 500);
  const server = useRender(project, settled.doc, settled.values, settled.variant ?? undefined);
  const confirmed = settled.doc === doc && settled.values === given && settled.variant === variant && server.data !== undefined && !server.isFetching;
  const messages = confirmed ? server.data.messages : (local ?? server.data?.messages ?? []);
  const state = server.error ? words.notRendered : confirmed ? words.confirmed : local === null ? words.waitingServer : words.filling;
  const saveCase = (): void => onChange?.((now) => ({ ...now, testData: [...(now.testData ?? []), given] }));
  return (
    <section className={classes.section} aria-label={words.preview}>
      <div className={classes.sectionHead}>
        <h2>{words.preview}</h2>
        <div className={classes.end}>
          <Button.Group aria-label={words.family}>
            {[null, ...Object.keys(doc.variants ?? {})].map((name) => (
              <Button key={name ?? ''} aria-pressed={variant === name} size="compact-sm" variant={variant === name ? 'light' : 'default'} onClick={() => setVariant(name)}>{name ?? words.base}</Button>
            ))}
          </Button.Group>
        </div>
      </div>
      <ValuesForm inputs={inputs} values={values} cases={doc.testData ?? []} onValues={setOwn} />
      <Group justify="space-between" mt="md" mb={8} gap="xs">
        <Text size="sm" fw={600}>{words.rendered}</Text>
        <Text size="xs" c="dimmed" role="status">{state}</Text>
      </Group>
      {server.error && <Text size="sm" c="var(--bad)" mb="xs" role="alert">{isProblem(server.error) && server.error.problem.type.endsWith('invalid-prompt') ? words.repairFirst : server.error.message}</Text>}
      <RenderedMessages messages={messages} />
      <Figures project={project} doc={settled.doc} values={settled.values} />
      {onChange && Object.keys(inputs).length > 0 && <Button mt="sm" size="xs" variant="default" onClick={saveCase}>{words.saveCase}</Button>}
    </section>
  );
});
