/** What is shown for addresses that lead nowhere and pages that failed. */
import { Button, Code } from '@mantine/core';
import { IconCompassOff, IconMoodSad } from '@tabler/icons-react';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { links } from '@/links';
import { Empty } from '@/parts/Empty';
import { strings } from '@/strings';

const words = strings.frame;

export function NotFound() {
  return (
    <Empty whole icon={IconCompassOff} title={words.notFoundTitle} action={<Button component="a" href={links.home()}>{words.toHome}</Button>}>
      {words.notFound}
    </Empty>
  );
}

export function Failed({ error, reset }: ErrorComponentProps) {
  return (
    <Empty whole icon={IconMoodSad} title={words.failedTitle} action={<Button onClick={reset}>{strings.common.retry}</Button>}>
      {words.failed} <Code>{error instanceof Error ? error.message : String(error)}</Code>
    </Empty>
  );
}
