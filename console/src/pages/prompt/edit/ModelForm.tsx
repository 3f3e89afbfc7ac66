/** The model a prompt was written for, and its parameters. */
import { TextInput } from '@mantine/core';
import { strings } from '@/strings';
import { withKey, type PromptDoc } from '../document';
import { faultsAt, type Fault } from '../problems';
import { Parameters } from './Parameters';
import { FaultLine } from './ProblemList';
import type { Change } from './PromptForm';

const words = strings.prompt;

export function ModelForm({ doc, faults, onChange }: { readonly doc: PromptDoc; readonly faults: readonly Fault[]; readonly onChange: Change | undefined }) {
  return (
    <div id="modelParameters">
      <TextInput maw={360} mb="sm" label={words.modelName} description={words.modelHint} readOnly={!onChange} value={doc.model ?? ''} onChange={(event) => {
        const { value } = event.currentTarget;
        onChange?.((now) => withKey(now, 'model', value));
      }} />
      <Parameters values={doc.modelParameters ?? {}} onChange={onChange && ((values) => onChange((now) => withKey(now, 'modelParameters', values)))} />
      {[...faultsAt(faults, 'modelParameters'), ...faultsAt(faults, 'model')].map((fault, at) => <FaultLine key={at} fault={fault} />)}
    </div>
  );
}
