/** Suite files of the project, and beginning a new one. */
import { Button, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconPlus, IconTestPipe } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useGo } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { PromptPicker } from '@/parts/PromptPicker';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from '@/parts/parts.module.css';

const words = strings.suites;

export function SuitesPage() {
  const project = useProject();
  const [open, { open: show, close }] = useDisclosure(false);
  const suites = usePages(projectKey(project, 'suites', 'list'), (cursor) => data(api.GET('/api/v1/projects/{project}/suites', { params: { path: { project }, query: { cursor, limit: 100 } } })));
  const make = <Button leftSection={<IconPlus size={16} />} onClick={show}>{words.make}</Button>;
  return (
    <Page title={words.title} actions={make}>
      <Text c="dimmed" size="sm" mb="md" maw={720}>{words.lead}</Text>
      <Refusal fault={suites.error} onRetry={() => void suites.refetch()} />
      {suites.isPending && <Waiting />}
      {suites.items?.length === 0 && !suites.hasNextPage && <Empty icon={IconTestPipe} title={words.none} action={make}>{words.noneHelp}</Empty>}
      {suites.items && suites.items.length > 0 && (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <caption hidden>{words.title}</caption>
            <thead><tr><th>{words.name}</th><th>{words.belongs}</th><th>{words.cases}</th></tr></thead>
            <tbody>
              {suites.items.map((suite) => (
                <tr key={suite.file}>
                  <td><AppLink href={links.suite(project, suite.name)}>{suite.title || suite.name}</AppLink>{suite.title && <div style={{ color: 'var(--ink-soft)', fontSize: 13 }}>{suite.name}</div>}</td>
                  <td>{suite.prompt ? <AppLink href={links.prompt(project, suite.prompt, { tab: 'tests' })}>{suite.prompt}</AppLink> : words.anyPrompt}</td>
                  <td>{suite.errors > 0 ? <Chip tone="bad" icon={IconAlertTriangle}>{words.problems(suite.errors)}</Chip> : suite.cases}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages query={suites} />
      <Modal opened={open} onClose={close} title={words.makeTitle}><NewSuite project={project} /></Modal>
    </Page>
  );
}

function NewSuite({ project }: { readonly project: string }) {
  const go = useGo();
  const [prompt, setPrompt] = useState<string | null>(null);
  const [short, setShort] = useState('');
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (prompt) go(`${links.suite(project, short === '' ? prompt : `${prompt}.${short}`)}?tab=edit&new=${encodeURIComponent(prompt)}`); }}>
      <Stack>
        <PromptPicker project={project} label={words.forPrompt} value={prompt} onChange={setPrompt} autoFocus />
        <TextInput label={words.short} description={words.shortHelp} pattern="[A-Za-z0-9_\-]*" value={short} onChange={(event) => setShort(event.currentTarget.value)} />
        <Button type="submit" style={{ alignSelf: 'flex-end' }} disabled={prompt === null}>{words.goOn}</Button>
      </Stack>
    </form>
  );
}
