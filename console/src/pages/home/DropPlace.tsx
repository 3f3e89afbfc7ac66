/** Where files and folders are dropped, chosen, or text is pasted. */
import { Button, FileButton, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useRef, useState, type DragEvent } from 'react';
import { strings } from '@/strings';
import { kindOf, pasted, type Kind, type Read } from './intake';
import { readChosen, readDropped } from './readDropped';
import classes from './home.module.css';

const words = strings.home.import;
const ACCEPTED = '.yml,.yaml,.txt,.md,.markdown,.prompty,.prompt,.csv,.tsv,.json,.zip,.tar,.gz,.tgz';

export function DropPlace({ small, onFiles }: { readonly small: boolean; readonly onFiles: (files: readonly Read[]) => void }) {
  const [over, setOver] = useState(false);
  const [pasting, setPasting] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const text = event.dataTransfer.getData('text/plain');
    if (event.dataTransfer.files.length === 0 && text !== '') onFiles([pasted('', text, kindOf(text))]);
    else void readDropped(event.dataTransfer.items).then(onFiles);
  };
  return (
    <section
      className={classes.drop} data-over={over} data-small={small} aria-label={words.drop}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}
    >
      {!small && <IconFileImport size={34} stroke={1.4} aria-hidden />}
      <p>{small ? words.dropMore : words.drop}</p>
      <Group justify="center">
        <FileButton multiple accept={ACCEPTED} onChange={(files) => void readChosen(files).then(onFiles)}>
          {(props) => <Button {...props}>{words.files}</Button>}
        </FileButton>
        <Button variant="default" onClick={() => folder.current?.click()}>{words.folder}</Button>
        <Button variant="default" onClick={() => setPasting(true)}>{words.paste}</Button>
      </Group>
      <input
        ref={(element) => { folder.current = element; element?.setAttribute('webkitdirectory', ''); }} type="file" hidden multiple aria-label={words.folder}
        onChange={(event) => {
          const input = event.currentTarget;
          void readChosen([...(input.files ?? [])]).then(onFiles);
          input.value = '';
        }}
      />
      <Modal opened={pasting} onClose={() => setPasting(false)} title={words.paste} size="lg">
        <Paste onDone={(file) => { setPasting(false); onFiles([file]); }} />
      </Modal>
    </section>
  );
}

function Paste({ onDone }: { readonly onDone: (file: Read) => void }) {
  const [path, setPath] = useState('');
  const [text, setText] = useState('');
  const [chosen, choose] = useState<Kind | null>(null);
  const kind = chosen ?? kindOf(text);
  const named = kind === 'csv' || kind === 'langfuse' || kind === 'mlflow';
  return (
    <form onSubmit={(event) => { event.preventDefault(); onDone(pasted(path, text, kind)); }}>
      <Stack>
        <Textarea label={words.pasteLabel} required withAsterisk={false} data-autofocus autosize minRows={8} maxRows={18} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <Select label={words.kind} description={chosen === null && text !== '' ? words.kindGuessed : words.kindHelp} allowDeselect={false} value={kind} data={Object.entries(words.kinds).map(([value, label]) => ({ value, label }))} onChange={(value) => choose(value as Kind | null)} />
        {!named && <TextInput label={words.pasteName} required withAsterisk={false} value={path} placeholder="claims/triage" onChange={(event) => setPath(event.currentTarget.value)} />}
        <Button type="submit">{words.add}</Button>
      </Stack>
    </form>
  );
}
