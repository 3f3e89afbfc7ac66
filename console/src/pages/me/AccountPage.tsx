/** One's own account: how one signs in, where one is signed in, one's tokens. */
import { Alert, Stack } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '@/api/session';
import { links } from '@/links';
import { useAddressQuery } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { strings } from '@/strings';
import { AuthenticatorApp } from './AuthenticatorApp';
import { PasswordForm } from './PasswordForm';
import { Sessions } from './Sessions';
import { Tokens } from './Tokens';

const words = strings.me;
const TABS = ['security', 'sessions', 'tokens'] as const;

export function AccountPage() {
  const [{ tab: asked }] = useAddressQuery();
  const session = useQuery(sessionQuery).data;
  const tab = TABS.find((known) => known === asked) ?? 'security';
  const must = session?.must ?? [];
  return (
    <Page
      title={words.title}
      width="read"
      tabs={TABS.map((name) => ({ label: words.tabs[name], href: links.account(name), active: name === tab }))}
    >
      <Stack gap="lg">
        {must.includes('change_password') && <Alert color="orange" icon={<IconInfoCircle size={18} />}>{words.mustChange}</Alert>}
        {must.includes('enrol_totp') && <Alert color="orange" icon={<IconInfoCircle size={18} />}>{words.mustEnrol}</Alert>}
        {tab === 'security' && session && (
          <>
            <PasswordForm user={session.user} />
            <AuthenticatorApp />
          </>
        )}
        {tab === 'sessions' && <Sessions />}
        {tab === 'tokens' && session && <Tokens />}
      </Stack>
    </Page>
  );
}
