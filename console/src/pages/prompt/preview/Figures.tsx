/** Tokens and cost of one call, per model the prompt is written for or has a variant for. */
import { Text } from '@mantine/core';
import { strings } from '@/strings';
import type { Json, PromptDoc } from '../document';
import classes from '../prompt.module.css';
import { useRender } from './useRender';

const words = strings.prompt;

/** Models worth counting for: the prompt's own, and those its variants name, or the families they are for. At most six. */
export function modelsOf(doc: PromptDoc): readonly string[] {
  const named = Object.entries(doc.variants ?? {}).map(([name, variant]) => variant?.model || name);
  return [...new Set([doc.model, ...named].filter((name): name is string => !!name))].slice(0, 6);
}

/** Millionths of a US dollar as people read them. */
export function dollars(millionths: number): string {
  const amount = millionths / 1e6;
  return amount >= 0.01 ? `$${amount.toFixed(2)}` : `$${amount.toPrecision(2).replace(/e.*/, '')}`;
}

interface Props { readonly project: string; readonly doc: PromptDoc; readonly values: Readonly<Record<string, Json>> }

export function Figures({ project, doc, values }: Props) {
  const models = modelsOf(doc);
  if (models.length === 0) return null;
  return (
    <table className={classes.figures} aria-label={words.perModel}>
      <thead><tr><th>{words.modelColumn}</th><th>{words.tokens}</th><th>{words.cost}</th></tr></thead>
      <tbody>{models.map((model) => <FigureRow key={model} project={project} doc={doc} values={values} model={model} />)}</tbody>
    </table>
  );
}

function FigureRow({ project, doc, values, model }: Props & { readonly model: string }) {
  const { data, error } = useRender(project, doc, values, model);
  const { tokens, cost_estimate: cost, notes, request_refused: refused } = data ?? {};
  return (
    <tr>
      <td>
        {model}
        {refused && <Text size="xs" c="var(--warn)">{model in (doc.variants ?? {}) ? words.familyOnly : refused}</Text>}
        {notes && notes.length > 0 && <Text size="xs" c="dimmed">{words.notes}: {notes.map(({ what }) => what).join('; ')}</Text>}
      </td>
      <td>{tokens ? <span title={tokens.why || tokens.tokenizer}>{tokens.count.toLocaleString('en')} <span className={classes.dim}>{tokens.exact ? words.exact : words.estimate}</span></span> : error ? '–' : '…'}</td>
      <td>{cost?.at_most !== null && cost?.at_most !== undefined ? <span title={`${cost.price_source ?? ''} ${cost.price_date ?? ''}`}>{dollars(cost.at_most)}</span> : <span className={classes.dim}>{data ? words.noPrice : ''}</span>}</td>
    </tr>
  );
}
