/** A project in which nothing is written yet: write, import, or clone. */
import { Button, Code, CopyButton, Group } from '@mantine/core';
import { IconFilePlus } from '@tabler/icons-react';
import { links } from '@/links';
import { Empty } from '@/parts/Empty';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import classes from './home.module.css';

const words = strings.home.first;

export function FirstRun({ project }: { readonly project: string }) {
  const go = useGo();
  const line = `git clone ${window.location.origin}/git/${project}.git`;
  return (
    <Empty icon={IconFilePlus} title={words.title} action={(
      <>
        <Group justify="center">
          <Button onClick={() => go(links.newPrompt(project))}>{words.write}</Button>
          <Button variant="default" onClick={() => go(links.importInto(project))}>{words.import}</Button>
        </Group>
        <p>{words.clone}</p>
        <div className={classes.line}>
          <Code>{line}</Code>
          <CopyButton value={line}>{({ copied, copy }) => <Button size="compact-xs" variant="subtle" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
        </div>
      </>
    )}>{words.lead}</Empty>
  );
}
