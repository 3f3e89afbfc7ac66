/** The frame of every page of the administration: its tabs, a sentence on what the page is for, its actions. */
import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { links } from '@/links';
import { Page } from '@/parts/Page';
import { strings } from '@/strings';

const words = strings.admin;
export const PAGES = ['people', 'access', 'tokens', 'models', 'policies', 'keys', 'settings', 'jobs', 'health'] as const;
export type AdminPlace = (typeof PAGES)[number];

export interface AdminPageProps {
  readonly page: AdminPlace;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function AdminPage({ page, actions, children }: AdminPageProps) {
  return (
    <Page
      title={words.title}
      documentTitle={`${words.pages[page]} · ${words.title}`}
      tabs={PAGES.map((name) => ({ label: words.pages[name], href: links.admin(name), active: name === page }))}
    >
      <Stack gap="md">
        <Group justify="space-between" align="start">
          <Text size="sm" c="dimmed" maw={640} style={{ flex: '1 1 260px' }}>{words.leads[page]}</Text>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
        {children}
      </Stack>
    </Page>
  );
}
