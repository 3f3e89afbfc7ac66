/** The lines an application needs, with a real token made for it; the token is shown this once. */
import { Button, CopyButton, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey, queries } from '@/api/queries';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import classes from './home.module.css';

const words = strings.home.welcome;

export interface SdkLineProps {
  readonly project: string;
  readonly environment: string;
  readonly role: string;
}

export function SdkLine({ project, environment, role }: SdkLineProps) {
  // Random enough to tell two tokens of one environment apart; it is a name, no secret.
  const [name] = useState(() => `${project}-${environment}-${Date.now().toString(36).slice(-5)}`);
  const first = useQuery({
    queryKey: projectKey(project, 'prompts', 'live', environment),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/prompts', { params: { path: { project }, query: { environment, limit: 1 } } })),
  }).data?.items[0]?.path ?? 'path/of/a/prompt';
  const make = useMutation({
    mutationFn: () => data(api.POST('/api/v1/tokens', { body: { name, project, environment, role } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me', 'tokens'] }),
  });
  const code = [
    'from promptops import PromptOps',
    '',
    'ops = PromptOps(',
    `    url="${window.location.origin}",`,
    `    token="${make.data?.token ?? 'pot_…'}",`,
    `    project="${project}",`,
    `    environment="${environment}",`,
    ')',
    `prompt = ops.get("${first}")`,
  ].join('\n');
  return (
    <Stack gap="xs" align="flex-start">
      <Refusal fault={make.error} />
      {make.data ? <strong role="status">{words.tokenOnce}</strong> : <Button loading={make.isPending} onClick={() => make.mutate()}>{words.makeToken}</Button>}
      {/* A long line scrolls, so it has to be reached by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.code} style={{ width: '100%' }} tabIndex={0} aria-label={words.code}>{code}</pre>
      <CopyButton value={code}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
    </Stack>
  );
}
