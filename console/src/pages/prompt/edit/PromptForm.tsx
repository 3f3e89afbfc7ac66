/** A prompt as a form: messages first, then what surrounds them. Without `onChange` it is only shown. */
import { Accordion } from '@mantine/core';
import { useState } from 'react';
import { strings } from '@/strings';
import { listOf, withKey, type PromptDoc } from '../document';
import { faultsAt, type Fault } from '../problems';
import { AboutForm } from './AboutForm';
import { AnswerForm } from './AnswerForm';
import { FileEditor } from './FileEditor';
import { Messages } from './Messages';
import { ModelForm } from './ModelForm';
import { useTextKit } from './textKit';
import { Variables } from './Variables';
import { Variants } from './Variants';

const words = strings.prompt;
export type Change = (how: (doc: PromptDoc) => PromptDoc) => void;

interface Props {
  readonly project: string;
  readonly doc: PromptDoc;
  readonly faults: readonly Fault[];
  readonly onChange?: Change;
  /** Another number: the document came anew from the server, and what keeps its own text starts anew. */
  readonly loaded?: number;
  readonly file?: { readonly text: string; readonly onChange: ((text: string) => void) | undefined };
}

export function PromptForm({ project, doc, faults, onChange, loaded = 0, file }: Props) {
  const [open, setOpen] = useState<string[]>(['variables']);
  const kit = useTextKit(project, doc);
  const sections: readonly (readonly [string, string, () => React.ReactNode])[] = [
    ['variables', words.variables, () => <Variables doc={doc} faults={faults} onChange={onChange} />],
    ['model', words.model, () => <ModelForm doc={doc} faults={faults} onChange={onChange} />],
    ['variants', `${words.variants}${doc.variants ? ` (${Object.keys(doc.variants).length})` : ''}`, () => <Variants key={loaded} doc={doc} faults={faults} kit={kit} onChange={onChange} />],
    ['answer', words.answer, () => <AnswerForm key={loaded} doc={doc} faults={faults} onChange={onChange} />],
    ['about', words.about, () => <AboutForm doc={doc} onChange={onChange} />],
    ...(file ? [['file', words.file, () => <FileEditor text={file.text} faults={faults} onChange={file.onChange} />] as const] : []),
  ];
  return (
    <>
      <Messages
        name="messages" messages={listOf(doc.messages)} faults={faultsAt(faults, 'messages')} kit={kit}
        {...(onChange ? { onChange: (how) => onChange((now) => ({ ...now, messages: how(listOf(now.messages)) })) } : {})}
        onFix={onChange ? (name) => onChange((now) => withKey(now, 'inputs', { ...now.inputs, [name]: {} })) : undefined}
      />
      <Accordion multiple value={open} onChange={setOpen} variant="default" order={2} styles={{ control: { paddingInline: 4 }, content: { paddingInline: 4 }, label: { fontWeight: 600, fontSize: 15 } }} keepMounted={false}>
        {sections.map(([key, label, made]) => (
          <Accordion.Item key={key} value={key}>
            <Accordion.Control>{label}</Accordion.Control>
            <Accordion.Panel>{open.includes(key) && made()}</Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </>
  );
}
