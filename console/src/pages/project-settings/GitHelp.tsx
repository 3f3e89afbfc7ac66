/** How the project is used from Git. */
import { Button, Code, CopyButton, Stack, Text } from '@mantine/core';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { strings } from '@/strings';

const words = strings.projectSettings.git;

export function GitHelp({ project }: { readonly project: string }) {
  const line = `git clone ${window.location.origin}/git/${encodeURIComponent(project)}.git`;
  return (
    <Stack maw={720}>
      <Text size="sm">{words.lead}</Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{line}</Code>
      <div><CopyButton value={line}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton></div>
      <Text size="sm">{words.signIn} <AppLink href={links.account('tokens')}>{words.token}</AppLink></Text>
      <Text size="sm" c="dimmed">{words.rules}</Text>
    </Stack>
  );
}
