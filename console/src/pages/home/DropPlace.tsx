/** Where files and folders are dropped, chosen, or text is pasted. */
import { Button, FileButton, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useRef, useState, type DragEvent } from 'react';
import { strings } from '@/strings';
import { isPromptFile, isReadable } from './intake';
import { readChosen, readDropped, type Read } from './readDropped';
import classes from './home.module.css';

const words = strings.home.import;

export function DropPlace({ onFiles }: { readonly onFiles: (files: readonly Read[]) => void }) {
  const [over, setOver] = useState(false);
  const [pasting, setPasting] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void readDropped(event.dataTransfer.items, isReadable).then(onFiles);
  };
  return (
    <section
      className={classes.drop} data-over={over} aria-label={words.drop}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}
    >
      <IconFileImport size={34} stroke={1.4} aria-hidden />
      <p>{words.drop}</p>
      <Group justify="center">
        <FileButton multiple accept=".yml,.yaml,.txt,.md,.markdown" onChange={(files) => void readChosen(files, isReadable).then(onFiles)}>
          {(props) => <Button {...props}>{words.files}</Button>}
        </FileButton>
        <Button variant="default" onClick={() => folder.current?.click()}>{words.folder}</Button>
        <Button variant="default" onClick={() => setPasting(true)}>{words.paste}</Button>
      </Group>
      <input
        ref={(element) => { folder.current = element; element?.setAttribute('webkitdirectory', ''); }} type="file" hidden multiple aria-label={words.folder}
        onChange={(event) => void readChosen([...(event.currentTarget.files ?? [])], isReadable).then(onFiles)}
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
  const add = (): void => onDone({ name: `${path.trim()}${isPromptFile(text) ? '.prompt.yml' : '.txt'}`, text, size: new Blob([text]).size });
  return (
    <form onSubmit={(event) => { event.preventDefault(); add(); }}>
      <Stack>
        <TextInput label={words.pasteName} required withAsterisk={false} data-autofocus value={path} placeholder="claims/triage" onChange={(event) => setPath(event.currentTarget.value)} />
        <Textarea label={words.pasteLabel} required withAsterisk={false} autosize minRows={8} maxRows={18} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <Button type="submit">{words.add}</Button>
      </Stack>
    </form>
  );
}
